package config

import "github.com/chimera-1/chimera/transforms/text"

// Config is a run's effective configuration.
type Config struct {
	Lake    string  `yaml:"lake"`
	Inputs  []Input `yaml:"inputs"`
	Curate  Curate  `yaml:"curate"`
	Nightly Nightly `yaml:"nightly"`
	Report  Report  `yaml:"report"`
	Log     Log     `yaml:"log"`
}

// Input is a set of files of one source.
type Input struct {
	Glob   string `yaml:"glob"`   // file, folder, glob, or "-" for standard input
	Source string `yaml:"source"` // defaults to the name of the files' folder
	Fields Fields `yaml:"fields"`
}

// Fields are the names of foreign fields.
type Fields struct {
	ID     string `yaml:"id"`
	Text   string `yaml:"text"`
	Source string `yaml:"source"` // field that names a row's source, if any
}

// Curate is how text is curated.
type Curate struct {
	Profile     string          `yaml:"profile"`
	Stages      []string        `yaml:"stages"`
	Thresholds  text.Thresholds `yaml:"thresholds"`
	Lines       text.LineRules  `yaml:"lines"`
	Normalize   []string        `yaml:"normalize"`
	Signals     string          `yaml:"signals"`
	Dedup       Dedup           `yaml:"dedup"`
	MaxRejects  MaxRejects      `yaml:"max_rejects"`
	MaxRowBytes Size            `yaml:"max_row_bytes"`
	Damaged     string          `yaml:"damaged"`
	Weight      float64         `yaml:"weight"`
	Workers     int             `yaml:"workers"`
	Shards      int             `yaml:"shards"`
	UnitBytes   Size            `yaml:"unit_bytes"`
	Memory      Size            `yaml:"memory"`
}

// Dedup is how duplicates are found.
type Dedup struct {
	Scheme        string  `yaml:"scheme"`
	Survivor      string  `yaml:"survivor"`
	MinSimilarity float64 `yaml:"min_similarity"`
	Verify        bool    `yaml:"verify"`
	MinJaccard    float64 `yaml:"min_jaccard"`
	Exact         bool    `yaml:"exact"`
}

// Nightly is what a night consists of.
type Nightly struct {
	Jobs []string `yaml:"jobs"`
}

// Report is where the HTML report goes.
type Report struct {
	Dir string `yaml:"dir"`
}

// Log is how the program talks on stderr.
type Log struct {
	Format string `yaml:"format"`
	Level  string `yaml:"level"`
}

// DefaultProfile judges text unless another profile is named.
const DefaultProfile = "fineweb"

// Default is the configuration of a run that nothing was said about but its
// profile.
func Default(profile string) (Config, error) {
	p, err := text.LookupProfile(profile)
	if err != nil {
		return Config{}, err
	}
	return Config{
		Lake:   "./lake",
		Inputs: []Input{},
		Curate: Curate{
			Profile:     profile,
			Stages:      p.Stages,
			Thresholds:  p.Thresholds,
			Lines:       p.Lines,
			Normalize:   []string{},
			Signals:     "auto",
			Dedup:       Dedup{Scheme: "fast", Survivor: "longest", MinJaccard: 0.7},
			MaxRejects:  MaxRejects{Share: 0.01, Least: LeastRejects},
			MaxRowBytes: 64 << 20,
			Damaged:     "keep",
			Weight:      1,
		},
		Nightly: Nightly{Jobs: []string{"curate"}},
		Log:     Log{Format: "text", Level: "info"},
	}, nil
}

// TextProfile is the profile as configured.
func (c Curate) TextProfile() text.Profile {
	return text.Profile{Name: c.Profile, Stages: c.Stages, Thresholds: c.Thresholds, Lines: c.Lines}
}
