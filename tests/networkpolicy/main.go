// Which connections the network policies of a cluster allow, decided by the code that kube-network-policies runs on a node.
// Arguments: the API server and its certificate; the token is in TOKEN. Input: lines "source-address target-address port".
// Output: the same lines with "allow" or "deny" behind them.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	_ "unsafe" // for go:linkname

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// The module decides over packets of the kernel alone and exports no other way to ask. These are its own names, as of v0.8.0.
//
//go:linkname evaluatePacket sigs.k8s.io/kube-network-policies/pkg/networkpolicy.(*Controller).evaluatePacket
func evaluatePacket(controller *networkpolicy.Controller, ctx context.Context, asked packet) bool

type packet struct {
	id      uint32
	family  v1.IPFamily
	srcIP   net.IP
	dstIP   net.IP
	proto   v1.Protocol
	srcPort int
	dstPort int
	payload []byte
}

func main() {
	controller, err := readCluster(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var source, target string
		asked := packet{family: v1.IPv4Protocol, proto: v1.ProtocolTCP, srcPort: 40000}
		if _, err := fmt.Sscan(lines.Text(), &source, &target, &asked.dstPort); err != nil {
			log.Fatal(err)
		}
		asked.srcIP, asked.dstIP = net.ParseIP(source), net.ParseIP(target)
		verdict := "deny"
		if evaluatePacket(controller, context.Background(), asked) {
			verdict = "allow"
		}
		fmt.Println(lines.Text(), verdict)
	}
}

func readCluster(ctx context.Context, server, certificate string) (*networkpolicy.Controller, error) {
	access := &rest.Config{Host: server, BearerToken: os.Getenv("TOKEN"), TLSClientConfig: rest.TLSClientConfig{CAFile: certificate}}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, err
	}
	shared := informers.NewSharedInformerFactory(client, 0)
	core := shared.Core().V1()
	config := networkpolicy.Config{NodeName: "any"}
	controller, err := networkpolicy.NewController(client, shared.Networking().V1().NetworkPolicies(), core.Namespaces(),
		core.Pods(), core.Nodes(), nil, nil, nil, config)
	if err != nil {
		return nil, err
	}
	shared.Start(ctx.Done())
	shared.WaitForCacheSync(ctx.Done())
	return controller, nil
}
