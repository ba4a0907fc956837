package templates

import "testing"

func TestTickedSays(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "La seule lettre de cette page est cochée.", 50: "Les 50 de cette page sont cochées."} {
		if got := tickedSays(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
