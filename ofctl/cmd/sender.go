package cmd

import (
	"io"
	"sync"
)

// sender writes to a stream while others go on: whoever waits for an answer reads,
// so that two ends that both have much to say never wait for each other.
type sender struct {
	stream io.Writer
	ended  sync.WaitGroup

	mu     sync.Mutex
	wake   *sync.Cond // queue or closed has changed
	queue  [][]byte
	closed bool
}

func newSender(stream io.Writer) *sender {
	s := &sender{stream: stream}
	s.wake = sync.NewCond(&s.mu)
	s.ended.Go(s.run)
	return s
}

// send queues data. It takes data.
func (s *sender) send(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, data)
	s.wake.Signal()
}

// close ends the sender. The stream must be closed, or about to take what is queued.
func (s *sender) close() {
	s.mu.Lock()
	s.closed = true
	s.wake.Signal()
	s.mu.Unlock()
	s.ended.Wait()
}

func (s *sender) run() {
	for {
		data, more := s.next()
		if !more {
			return
		}
		if _, err := s.stream.Write(data); err != nil {
			return // who reads the stream finds out why, after what it still has to say
		}
	}
}

// next waits for something to write.
func (s *sender) next() (data []byte, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.closed {
		s.wake.Wait()
	}
	if len(s.queue) == 0 {
		return nil, false
	}
	data = s.queue[0]
	s.queue = s.queue[1:]
	return data, true
}
