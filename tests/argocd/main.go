// Argo CD's application controller and repository server as they are, and a Redis in memory for them, in one program:
// the module's own main needs the page's files, which are not part of a Go module.
package main

import (
	"log"
	"os"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	repository "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/util/askpass"
	"github.com/spf13/cobra"
)

func main() {
	commands := map[string]func() *cobra.Command{
		"controller":  controller.NewCommand,
		"repo-server": repository.NewCommand,
		"redis":       redis,
	}
	command := commands[os.Args[1]]()
	command.SetArgs(os.Args[2:])
	askpass.SocketPath = os.TempDir() + "/askpass.sock" // two test runs on one machine
	if err := command.Execute(); err != nil {
		log.Fatal(err)
	}
}

func redis() *cobra.Command {
	return &cobra.Command{Use: "redis", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, address []string) error {
		if err := miniredis.NewMiniRedis().StartAddr(address[0]); err != nil {
			return err
		}
		select {}
	}}
}
