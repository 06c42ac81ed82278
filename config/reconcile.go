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

// Answers of a Target to a change that it cannot make as it was asked to.
var (
	// ErrRestart says that a running switch cannot take the change at all.
	ErrRestart = errors.New("takes effect when the switch is started again")
	// ErrAnew says that a port cannot take the change while it forwards: it is to be
	// removed and added again. Only ChangePort may answer so.
	ErrAnew = errors.New("can only be made anew")
)

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
			have, err = carryOut(ctx, have, step, t)
		}
		if _, isNew := step.(AddBridge); isNew && err != nil {
			err = notMadeError{err}
		}
		results[o] = err
	}
	return have, newStatus(&want, results)
}

// carryOut applies one step and returns the state after it.
func carryOut(ctx context.Context, have Config, step Step, t Target) (Config, error) {
	err := step.apply(ctx, t)
	if err == nil {
		return step.applied(have), nil
	}
	change, isChange := step.(ChangePort)
	if !isChange || !errors.Is(err, ErrAnew) {
		return have, err
	}
	for _, s := range []Step{RemovePort{change.Bridge, change.Want.Name}, AddPort{change.Bridge, change.Want}} {
		if err := s.apply(ctx, t); err != nil {
			return have, err
		}
		have = s.applied(have)
	}
	return have, nil
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
