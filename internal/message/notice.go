package message

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Measures of a notice, in pixels.
const (
	noticeWidth  = 640
	noticeMargin = 20
	noticeSize   = 19
	noticeLine   = 28
	maxNotice    = 400 // bytes of text
)

// NoticePNG draws a sentence of ours as a picture, for where a page shows an <img>
// and nothing else would be seen. It is for eyes only: the page's alternative text
// speaks to everybody else.
func NoticePNG(say string) ([]byte, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: noticeSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	defer face.Close()
	lines := wrapped(face, cutUTF8(say, maxNotice), fixed.I(noticeWidth-2*noticeMargin))
	ink := color.Palette{color.White, color.Gray{0xC8}, color.Gray{0x90}, color.Gray{0x58}, color.Gray{0x20}}
	img := image.NewPaletted(image.Rect(0, 0, noticeWidth, 2*noticeMargin+noticeLine*len(lines)), ink)
	pen := font.Drawer{Dst: img, Src: image.NewUniform(ink[len(ink)-1]), Face: face}
	for i, line := range lines {
		pen.Dot = fixed.P(noticeMargin, noticeMargin+noticeLine*i+noticeSize)
		pen.DrawString(line)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// wrapped breaks a sentence between words; a non-breaking space is no place.
func wrapped(face font.Face, say string, width fixed.Int26_6) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(say, func(r rune) bool { return r == ' ' || r == '\n' }) {
		if longer := line + " " + word; line != "" && font.MeasureString(face, longer) <= width {
			line = longer
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
	}
	return append(lines, line)
}
