package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"vswitch/ofctl/cmd"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cmd.Run(os.Args[1:], cmd.Stdio{
		In:       os.Stdin,
		Out:      os.Stdout,
		Err:      os.Stderr,
		Terminal: cmd.IsTerminal(os.Stdout),
		Getenv:   os.Getenv,
		Stop:     ctx.Done(),
		Version:  version,
		Name:     filepath.Base(os.Args[0]),
	}, new(net.Dialer).DialContext)
	stop()
	os.Exit(code)
}
