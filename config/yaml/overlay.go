package yaml

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"vswitch/config"
)

// overlaid is a setting that a flag and an environment variable override.
type overlaid struct {
	key  string // in switch.yaml
	flag string
	set  func(s *config.Settings, value string) error
}

// overlaidSettings is the table of them. The variable of a flag is VSWITCH_ and the
// flag in capitals: VSWITCH_LOG_LEVEL.
func overlaidSettings() []overlaid {
	return []overlaid{
		{"rundir", "rundir",
			func(s *config.Settings, v string) (err error) { s.RunDir, err = filepath.Abs(v); return err }},
		{"statedir", "statedir",
			func(s *config.Settings, v string) (err error) { s.StateDir, err = filepath.Abs(v); return err }},
		{"log.level", "log-level",
			func(s *config.Settings, v string) error { s.Log.Level = config.LogLevel(v); return nil }},
		{"log.format", "log-format",
			func(s *config.Settings, v string) error { s.Log.Format = config.LogFormat(v); return nil }},
		{"metrics.listen", "metrics-listen",
			func(s *config.Settings, v string) error { s.Metrics.Listen = v; return nil }},
		{"reload", "reload",
			func(s *config.Settings, v string) error { s.Reload = config.ReloadMode(v); return nil }},
	}
}

// AddFlags defines the flags that Overlay knows.
func AddFlags(flags *pflag.FlagSet) {
	for _, o := range overlaidSettings() {
		flags.String(o.flag, "", fmt.Sprintf("override %s of the configuration (also $%s)", o.key, variable(o.flag)))
	}
}

// variable names a flag's environment variable.
func variable(flag string) string {
	return "VSWITCH_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Overlay replaces settings by what flags say, and where they are silent by what the
// environment says. flags may be nil; a variable that is set but empty says nothing.
// A directory given so may be relative to the working directory. origins tells for
// each key that was replaced the flag or variable that did it.
func Overlay(s *config.Settings, flags *pflag.FlagSet) (origins map[string]string, err error) {
	// The delimiter is one that no key has, so that "log.level" stays one key.
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"))
	origins = map[string]string{}
	for _, o := range overlaidSettings() {
		origin := "$" + variable(o.flag)
		if err := v.BindEnv(o.key, origin[1:]); err != nil {
			return nil, fmt.Errorf("setting %s: %w", o.key, err)
		}
		if flags != nil && flags.Lookup(o.flag) != nil {
			if err := v.BindPFlag(o.key, flags.Lookup(o.flag)); err != nil {
				return nil, fmt.Errorf("setting %s: %w", o.key, err)
			}
			if flags.Changed(o.flag) {
				origin = "--" + o.flag
			}
		}
		value := v.GetString(o.key)
		if value == "" {
			continue
		}
		if err := o.set(s, value); err != nil {
			return nil, fmt.Errorf("%s: %w", origin, err)
		}
		origins[o.key] = origin
	}
	return origins, nil
}
