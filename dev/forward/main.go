// forward NAMESPACE LISTEN=TARGET...: lends this machine's loopback to a node
// that has no route from it. It accepts connections in the network it was
// started in and dials the targets from inside the network namespace given as
// a path such as /proc/123/ns/net. It ends when its node has ended.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	setnsCall   = 308 // linux/amd64; the syscall package has no name for it
	dialTimeout = 5 * time.Second
)

// call asks the dialler for a connection to an address.
type call struct {
	address string
	reply   chan answer
}

type answer struct {
	conn *net.TCPConn
	err  error
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: forward NAMESPACE LISTEN=TARGET...")
	}
	namespace, err := os.Open(os.Args[1])
	if err != nil {
		fail("%v", err)
	}
	calls := make(chan call)
	entered := make(chan error)
	go dial(namespace, calls, entered)
	if err := <-entered; err != nil {
		fail("enter %s: %v", os.Args[1], err)
	}
	for _, pair := range os.Args[2:] {
		listen, target, ok := strings.Cut(pair, "=")
		if !ok {
			fail("%q is not LISTEN=TARGET", pair)
		}
		listener, err := net.Listen("tcp", listen)
		if err != nil {
			fail("%v", err)
		}
		go accept(listener, target, calls)
	}
	// The path names the node's first process: when it is gone, so is the node.
	for {
		time.Sleep(time.Second)
		if _, err := os.Stat(os.Args[1]); err != nil {
			return
		}
	}
}

// dial moves its thread, and no other, into the namespace and makes every
// connection there: a socket belongs for ever to the network it was made in.
func dial(namespace *os.File, calls <-chan call, entered chan<- error) {
	runtime.LockOSThread()
	if _, _, errno := syscall.RawSyscall(setnsCall, namespace.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
		entered <- errno
		return
	}
	entered <- nil
	for c := range calls {
		// The target is an address of the node itself, so this never waits for a
		// network and one dialler is enough.
		conn, err := net.DialTimeout("tcp", c.address, dialTimeout)
		if err != nil {
			c.reply <- answer{err: err}
			continue
		}
		c.reply <- answer{conn: conn.(*net.TCPConn)}
	}
}

func accept(listener net.Listener, target string, calls chan<- call) {
	for {
		near, err := listener.Accept()
		if err != nil {
			// Out of descriptors, most likely: the next one may find some.
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go join(near.(*net.TCPConn), target, calls)
	}
}

// join copies both ways and hands on each half-close.
func join(near *net.TCPConn, target string, calls chan<- call) {
	defer near.Close()
	reply := make(chan answer, 1)
	calls <- call{target, reply}
	a := <-reply
	if a.err != nil {
		near.SetLinger(0) // the caller sees a reset, as it would without us
		return
	}
	defer a.conn.Close()
	done := make(chan struct{})
	go func() {
		io.Copy(a.conn, near)
		a.conn.CloseWrite()
		close(done)
	}()
	io.Copy(near, a.conn)
	near.CloseWrite()
	<-done
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "forward: "+format+"\n", args...)
	os.Exit(1)
}
