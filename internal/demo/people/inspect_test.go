package people

import (
	"os"
	"path/filepath"
	"testing"
)

// Writes pictures and documents for a look by eye: PLI_LOOK=dir go test -run Look.
func TestLook(t *testing.T) {
	dir := os.Getenv("PLI_LOOK")
	if dir == "" {
		t.Skip("PLI_LOOK not set: nothing to look at")
	}
	c := newComposer(monday)
	files := map[string][]byte{"wound.jpg": woundPhoto(640, 480, 0.35, 80), "ecg.png": ecgTrace(true), "sheet.jpg": sheetJPEG(900, 1200, []string{"Dr Claire Martin", "", "Éthinylestradiol 30 µg"})}
	laboratoryLetters(c)
	for _, l := range c.out {
		files[l.ID+".eml"] = l.Raw
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
