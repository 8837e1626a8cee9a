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

func init() {
	// Threads that entered the namespace end there; the first one must not be
	// among them, because /proc shows a process's namespaces as its first thread's.
	runtime.LockOSThread()
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: forward NAMESPACE LISTEN=TARGET...")
	}
	namespace, err := os.Open(os.Args[1])
	if err != nil {
		fail("%v", err)
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
		go accept(listener, namespace, target)
	}
	// The path names the node's first process: when it is gone, so is the node.
	for {
		time.Sleep(time.Second)
		if _, err := os.Stat(os.Args[1]); err != nil {
			return
		}
	}
}

func accept(listener net.Listener, namespace *os.File, target string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			// Out of descriptors, most likely: the next one may find some.
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go join(near.(*net.TCPConn), namespace, target)
	}
}

// join copies both ways and hands on each half-close.
func join(near *net.TCPConn, namespace *os.File, target string) {
	defer near.Close()
	far, err := dial(namespace, target)
	if err != nil {
		fmt.Fprintf(os.Stderr, "forward: %v\n", err)
		near.SetLinger(0) // the caller sees a reset, as it would without us
		return
	}
	defer far.Close()
	done := make(chan struct{})
	go func() {
		io.Copy(far, near)
		far.CloseWrite()
		close(done)
	}()
	io.Copy(near, far)
	near.CloseWrite()
	<-done
}

// dial connects from inside the namespace. A socket belongs for ever to the
// network of the thread that makes it, so a thread goes in, and since it is
// never unlocked it ends with its goroutine instead of serving another.
func dial(namespace *os.File, target string) (*net.TCPConn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(setnsCall, namespace.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
			done <- result{err: fmt.Errorf("enter %s: %w", namespace.Name(), errno)}
			return
		}
		conn, err := net.DialTimeout("tcp4", target, dialTimeout)
		done <- result{conn, err}
	}()
	r := <-done
	if r.err != nil {
		return nil, r.err
	}
	return r.conn.(*net.TCPConn), nil
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "forward: "+format+"\n", args...)
	os.Exit(1)
}
