package pipelines

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/transforms/text"
)

func TestEditedOtherwise(t *testing.T) {
	published := map[int32]text.Profile{}
	for g, name := range []string{1: "fineweb", 2: "technical", 3: "c4", 4: "gopher", 5: "fineweb"} {
		if g > 0 {
			p, err := text.LookupProfile(name)
			if err != nil {
				t.Fatal(err)
			}
			published[int32(g)] = p
		}
	}
	strict := published[1]
	strict.GopherQuality.MinDocWords = 100
	for _, c := range []struct {
		p    text.Profile
		want []string
	}{
		{strict, []string{"gen-000002", "gen-000003", "gen-000004"}},
		{published[3], []string{"gen-000001", "gen-000002", "gen-000004", "gen-000005"}},
		{published[4], []string{"gen-000001", "gen-000003", "gen-000005"}},
	} {
		if diff := cmp.Diff(c.want, editedOtherwise(published, c.p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.p.Name, diff)
		}
	}
}
