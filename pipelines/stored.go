package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/dedup"
	"github.com/chimera-1/chimera/transforms/text"
)

// storedProfiles are the profiles of the nights, by generation: the signals of
// the rows that a night brought in follow its profile's line rules.
func (r *run) storedProfiles(ctx context.Context) (map[int32]text.Profile, error) {
	gens, err := r.l.Generations(ctx)
	if err != nil {
		return nil, err
	}
	stored := map[int32]text.Profile{}
	for _, g := range gens {
		raw := g.Properties[propProfileJSON]
		if g.RolledBack || g.Job != jobCurate || raw == "" {
			continue
		}
		var p text.Profile
		if err := json.Unmarshal([]byte(raw), &p); err != nil {
			return nil, fmt.Errorf("generation %s: stored profile: %w", g.Tag, err)
		}
		stored[g.Number] = p
	}
	if len(stored) == 0 {
		return nil, fmt.Errorf("--redecide: the lake %s has no documents yet", r.l.URI())
	}
	return stored, nil
}

// storedProfile is the profile that the signals of a file of text.documents
// follow: a file's rows are one night's.
func storedProfile(stored map[int32]text.Profile, f dedup.FileRef) (text.Profile, error) {
	p, ok := stored[datasets.GenerationOf(f.Lo)]
	if !ok {
		return p, fmt.Errorf("--redecide: %s: no record of the profile of %s, which its signals follow", f.Path, datasets.Tag(datasets.GenerationOf(f.Lo)))
	}
	return p, nil
}

// warnOf says what stored signals cannot tell.
func (r *run) warnOf(stored map[int32]text.Profile) {
	var without, other []string
	for _, g := range slices.Sorted(maps.Keys(stored)) {
		switch p := stored[g]; {
		case p.Name == "none" && r.c.Profile.Name != "none":
			without = append(without, datasets.Tag(g))
		case r.c.Profile.NeedsText(p):
			other = append(other, datasets.Tag(g))
		}
	}
	if len(without) > 0 {
		slog.Warn("redecide: nights under the profile none store no signals; their rows keep their decisions", "nights", without)
	}
	if len(other) > 0 {
		slog.Warn("redecide: nights under other line rules; their texts that pass the filters before those are read again", "nights", other)
	}
}
