package mailserver

import (
	"errors"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/message"
)

// Caps on a server's description of a letter: the tree is walked recursively.
const (
	maxDepth = 100
	maxParts = 1000
)

var errTree = errors.New("mailserver: structure too deep or too wide")

// partTree makes our tree of a BODYSTRUCTURE, numbered as the server numbers it.
func partTree(bs imap.BodyStructure) (*message.Part, error) {
	left := maxParts
	root, err := partOf(bs, 0, &left)
	if err != nil {
		return nil, err
	}
	message.Number(root)
	return root, nil
}

func partOf(bs imap.BodyStructure, depth int, left *int) (*message.Part, error) {
	if *left--; *left < 0 || depth > maxDepth {
		return nil, errTree
	}
	var s message.Structure
	s.Type = bs.MediaType()
	if d := bs.Disposition(); d != nil {
		s.Disposition, s.DispositionParams = d.Value, d.Params
	}
	switch bs := bs.(type) {
	case *imap.BodyStructureMultiPart:
		if bs.Extended != nil {
			s.Params = bs.Extended.Params
		}
		for _, c := range bs.Children {
			child, err := partOf(c, depth+1, left)
			if err != nil {
				return nil, err
			}
			s.Children = append(s.Children, child)
		}
	case *imap.BodyStructureSinglePart:
		s.Params, s.Encoding, s.ContentID = bs.Params, bs.Encoding, bs.ID
		s.Description, s.Size = bs.Description, int64(bs.Size)
		if m := bs.MessageRFC822; m != nil && m.BodyStructure != nil {
			root, err := partOf(m.BodyStructure, depth+1, left)
			if err != nil {
				return nil, err
			}
			s.Embedded = &message.Letter{Root: root} // its header is fetched when the letter is opened
		}
	default:
		return nil, errTree
	}
	return message.FromStructure(s), nil
}
