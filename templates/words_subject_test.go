package templates

import "testing"

func TestSubjectPrefixes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"RE: Bilan": "Re\u00a0: Bilan", "Re : Bilan": "Re\u00a0: Bilan", "Re\u00a0: Re: RE[2]: Bilan": "Re\u00a0: Bilan", "TR: Fwd: Bilan": "Tr\u00a0: Bilan", "Re: TR: Bilan": "Re\u00a0: Tr\u00a0: Bilan",
		"Bilan": "Bilan", "Retour : Bilan": "Retour : Bilan", "Réf: 12": "Réf: 12", "": "(sans objet)", "  ": "(sans objet)", "Re: ": "Re\u00a0: (sans objet)", "[FIN]": "[FIN]",
		"Tri : Bilan": "Tri : Bilan",
	} {
		if got := subject(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
