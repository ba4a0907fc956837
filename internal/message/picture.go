package message

import (
	"bufio"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// PictureSize measures a picture of the kinds of ImageType, in pixels, from its
// header. ok is false for anything it cannot measure (another kind, a broken or odd
// header): nobody's browser should be asked to draw that. It reads as far as the
// header goes, past comments and colour profiles: give it a reader with an end.
func PictureSize(r io.Reader) (width, height int, ok bool) {
	src := bufio.NewReader(r)
	head, _ := src.Peek(32) // a shorter file is of no kind, or breaks below
	var c image.Config
	var err error
	switch ImageType(head) {
	case "image/png":
		c, err = png.DecodeConfig(src)
	case "image/jpeg":
		c, err = jpeg.DecodeConfig(src)
	case "image/gif":
		c, err = gifSize(src)
	case "image/webp":
		c, err = webp.DecodeConfig(src)
	case "image/bmp":
		c, err = bmp.DecodeConfig(src)
	default:
		return 0, 0, false
	}
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return 0, 0, false
	}
	return c.Width, c.Height, true
}

var errNoFrame = errors.New("gif: no frame")

// gifSize takes the larger of the announced screen and the first frame: browsers
// grow the screen to a first frame that does not fit in it.
func gifSize(src *bufio.Reader) (image.Config, error) {
	var b [13]byte
	if _, err := io.ReadFull(src, b[:]); err != nil {
		return image.Config{}, err
	}
	c := image.Config{Width: int(b[6]) | int(b[7])<<8, Height: int(b[8]) | int(b[9])<<8}
	if b[10]&0x80 != 0 { // the global colours
		if _, err := src.Discard(3 << (1 + b[10]&7)); err != nil {
			return c, err
		}
	}
	for {
		kind, err := src.ReadByte()
		if err != nil {
			return c, err
		}
		switch kind {
		case 0x2C: // the first frame
			if _, err := io.ReadFull(src, b[:8]); err != nil {
				return c, err
			}
			at := func(i int) int { return int(b[i]) | int(b[i+1])<<8 }
			c.Width, c.Height = max(c.Width, at(0)+at(4)), max(c.Height, at(2)+at(6))
			return c, nil
		case 0x21: // an extension: its label, then blocks to an empty one
			if _, err := src.Discard(1); err != nil {
				return c, err
			}
			for n := byte(1); n != 0; {
				if n, err = src.ReadByte(); err == nil {
					_, err = src.Discard(int(n))
				}
				if err != nil {
					return c, err
				}
			}
		default:
			return c, errNoFrame
		}
	}
}
