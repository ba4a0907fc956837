package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// How full a mailbox is: asked beside a page of its letters, never in its way.
const (
	roomLife  = 10 * time.Minute
	roomLimit = 8 * time.Second
	roomWarn  = 80 // percent from which the rail says so
)

// roomSeen is what a session last heard of a mailbox's room.
type roomSeen struct {
	room mailbox.Room
	at   time.Time
}

// roomWords is what the rail says, nil while there is room enough.
func (k *desk) roomWords(boxID string) *templates.Room {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.rooms[boxID].room
	if r.Percent < roomWarn {
		return nil
	}
	return &templates.Room{Percent: r.Percent, Words: roomWords(r)}
}

func (k *desk) keepRoom(boxID string, r mailbox.Room, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rooms == nil || len(k.rooms) >= maxFolderLists {
		k.rooms = map[string]roomSeen{}
	}
	k.rooms[boxID] = roomSeen{r, now}
}

// claimRoom says whether to ask now; who is told so asks.
func (k *desk) claimRoom(boxID string, now time.Time) bool {
	k.mu.Lock()
	seen, known := k.rooms[boxID]
	k.mu.Unlock()
	if known && now.Sub(seen.at) < roomLife {
		return false
	}
	k.keepRoom(boxID, seen.room, now)
	return true
}

func roomWords(r mailbox.Room) string {
	if r.Limit > 0 {
		return sizeWords(r.Used) + " sur " + sizeWords(r.Limit)
	}
	return lettersWords(int(r.Letters)) + " sur " + count(int(r.LetterMost))
}

// askRoom asks for the room of the mailbox shown, for the next page.
func (s *Server) askRoom(r *http.Request) {
	sc := scopeOf(r)
	g, ok := sc.grantOf(sc.box)
	if !ok || sc.desk == nil || !g.Rights.Has(delegation.Triage) || !sc.desk.claimRoom(g.Mailbox.ID, s.clock.now()) {
		return
	}
	s.counting.Add(1)
	go s.weigh(sc.desk, sc.session.Actor, g, sc.id)
}

// weigh outlives its request by at most roomLimit.
func (s *Server) weigh(k *desk, actor mssante.Actor, g delegation.Grant, request string) {
	defer s.counting.Done()
	defer func() {
		if v := recover(); v != nil {
			s.panics.Add(1)
			s.log.Error("panic", slog.String("request", request), slog.String("in", "room"), slog.String("kind", problem.PanicWords(v)))
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), roomLimit)
	defer cancel()
	b, err := s.house.Open(ctx, actor, g.Mailbox.Address)
	if err != nil {
		return
	}
	if room, err := b.Room(ctx); err == nil {
		k.keepRoom(g.Mailbox.ID, room, s.clock.now())
	}
}
