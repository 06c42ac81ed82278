package config

import (
	"context"
	"errors"
	"fmt"
)

// Target is what a Plan is carried out on: the running switch. Each method either
// does the whole step or leaves things as they were and says why; one that is asked
// for what is already so has nothing to do. A message does not repeat the name of
// the object.
type Target interface {
	BridgeTarget
	PortTarget

	// ChangeSetting changes one setting to what it is in want, or returns
	// ErrRestart.
	ChangeSetting(ctx context.Context, setting Setting, want Settings) error
}

// BridgeTarget carries out steps about bridges; see the step of the same name.
type BridgeTarget interface {
	AddBridge(ctx context.Context, b Bridge) error
	RemoveBridge(ctx context.Context, name string) error
	ChangeBridge(ctx context.Context, want Bridge, fields BridgeFields) error
	ReplaceFileFlows(ctx context.Context, want Bridge) error
	SetControllers(ctx context.Context, bridge string, controllers []Controller) error
	SetListeners(ctx context.Context, bridge string, listen []Endpoint) error
}

// PortTarget carries out steps about ports; see the step of the same name. A port
// whose name is its bridge's is the device of LOCAL.
type PortTarget interface {
	AddPort(ctx context.Context, bridge string, p Port) error
	RemovePort(ctx context.Context, bridge, port string) error
	ChangePort(ctx context.Context, bridge string, want Port, fields PortFields) error
}

// ErrRestart is a Target's answer to a change that a running switch cannot take.
var ErrRestart = errors.New("takes effect when the switch is started again")

// Reconcile leads a target from have to want, both complete and valid. It goes on
// after a step that failed, but leaves out further steps about the same object,
// steps about a bridge that could not be made, and all that remain once ctx is
// done. It returns the state that was reached, to be the next call's have, and
// what became of each object.
func Reconcile(ctx context.Context, have, want Config, t Target) (Config, Status) {
	results := map[Object]error{}
	for _, step := range Plan(have, want) {
		o := step.Object()
		if results[o] != nil {
			continue
		}
		err := obstacle(ctx, results, step)
		if err == nil {
			err = step.apply(ctx, t)
		}
		if err == nil {
			have = step.applied(have)
		}
		if _, isNew := step.(AddBridge); isNew && err != nil {
			err = notMadeError{err}
		}
		results[o] = err
	}
	return have, newStatus(&want, results)
}

// obstacle says why a step cannot even be tried; nil when it can.
func obstacle(ctx context.Context, results map[Object]error, step Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	bridge := Object{ObjectBridge, step.Object().Bridge, ""}
	if errors.As(results[bridge], &notMadeError{}) {
		return fmt.Errorf("%s is not there", bridge)
	}
	return nil
}

// notMadeError is the error of a bridge that could not be added, on which all that
// belongs to the bridge depends.
type notMadeError struct{ error }

func (e notMadeError) Unwrap() error { return e.error }
