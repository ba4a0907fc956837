package people

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// woundPhoto is a dressing seen from above: skin, a wound that closes as healed
// goes from 0 to 1, a ruler. Drawn, not photographed: nobody's body.
func woundPhoto(w, h int, healed float64, quality int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	rng := rand.New(rand.NewPCG(uint64(w), uint64(healed*100)))
	cx, cy := float64(w)*0.48, float64(h)*0.5
	rx, ry := float64(w)*(0.26-0.15*healed), float64(h)*(0.20-0.12*healed)
	for y := range h {
		for x := range w {
			n := float64(rng.IntN(12)) - 6
			shade := 1 - 0.18*math.Hypot(float64(x)/float64(w)-0.4, float64(y)/float64(h)-0.4)
			r, g, b := 226*shade, 182*shade, 156*shade
			a := math.Atan2(float64(y)-cy, float64(x)-cx)
			d := math.Hypot((float64(x)-cx)/rx, (float64(y)-cy)/ry) + 0.06*math.Sin(5*a) + 0.03*math.Sin(11*a)
			switch {
			case d < 0.55:
				r, g, b = 176, 62, 58
			case d < 0.92:
				r, g, b = 201, 96, 84
			case d < 1.1:
				r, g, b = 219, 138, 118
			}
			i := img.PixOffset(x, y)
			img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = clamp(r+n), clamp(g+n), clamp(b+n), 255
		}
	}
	ruler(img, w/20, h-h/9, w-w/10, h/14)
	var out bytes.Buffer
	_ = jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}) // a bytes.Buffer does not fail
	return out.Bytes()
}

func clamp(v float64) uint8 { return uint8(max(0, min(255, v))) }

func ruler(img *image.RGBA, x0, y0, w, h int) {
	fill(img, x0, y0, w, h, color.RGBA{250, 250, 244, 255})
	for i := 0; i <= 100; i++ {
		length := h / 4
		if i%10 == 0 {
			length = h / 2
		}
		fill(img, x0+i*w/101, y0, max(1, w/700), length, color.RGBA{30, 30, 30, 255})
	}
}

func fill(img *image.RGBA, x0, y0, w, h int, c color.RGBA) {
	for y := y0; y < y0+h; y++ {
		for x := x0; x < x0+w; x++ {
			if image.Pt(x, y).In(img.Rect) {
				img.SetRGBA(x, y, c)
			}
		}
	}
}

// bigPhoto is a JPEG of about size bytes: a picture, then application segments a
// camera would fill with its own data, so that weight costs no encoding time.
func bigPhoto(size int) []byte {
	picture := woundPhoto(1024, 768, 0.1, 92)
	out := make([]byte, 0, size+65536)
	out = append(out, picture[:2]...) // SOI
	rng := rand.NewChaCha8([32]byte{7})
	segment := make([]byte, 65533)
	for len(out)+len(picture) < size {
		_, _ = rng.Read(segment)
		out = append(out, 0xff, 0xe9, 0xff, 0xff)
		out = append(out, segment...)
	}
	return append(out, picture[2:]...)
}

// ecgTrace is a strip of pink millimetre paper with a regular sinus rhythm, or
// with ST elevation.
func ecgTrace(elevation bool) []byte {
	const w, h = 1000, 300
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{
		color.RGBA{255, 247, 246, 255}, color.RGBA{250, 214, 210, 255}, color.RGBA{240, 170, 164, 255}, color.RGBA{20, 20, 40, 255}})
	for y := range h {
		for x := range w {
			switch {
			case x%50 == 0 || y%50 == 0:
				img.SetColorIndex(x, y, 2)
			case x%10 == 0 || y%10 == 0:
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	st := 0.0
	if elevation {
		st = 34
	}
	prev := 170
	for x := range w {
		y := 170 - int(beat(float64(x%166)/166, st))
		for v := min(prev, y); v <= max(prev, y); v++ {
			for dx := range 2 {
				img.SetColorIndex(x+dx, v, 3)
			}
		}
		prev = y
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img)
	return out.Bytes()
}

// beat is one heart cycle: P, QRS, ST, T, in pixels above the base line.
func beat(t, st float64) float64 {
	bump := func(at, width, height float64) float64 { return height * math.Exp(-math.Pow((t-at)/width, 2)) }
	v := bump(0.18, 0.035, 12) + bump(0.345, 0.008, -14) + bump(0.37, 0.012, 110) + bump(0.395, 0.010, -28) + bump(0.62, 0.06, 26)
	return v + bump(0.50, 0.09, st)
}

// sheet draws lines of text on paper, as a scanner would see a prescription.
func sheet(w, h int, lines []string) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range img.Pix {
		img.Pix[i] = uint8(244 + rng.IntN(10))
	}
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the module
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(w) / 34, DPI: 72})
	if err != nil {
		panic(err)
	}
	y := h / 12
	for _, line := range lines {
		d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{35}), Face: face, Dot: fixed.P(w/12, y)}
		d.DrawString(strings.ReplaceAll(line, "\u00a0", " "))
		y += w / 22
	}
	return img
}

func sheetJPEG(w, h int, lines []string) []byte {
	var out bytes.Buffer
	_ = jpeg.Encode(&out, sheet(w, h, lines), &jpeg.Options{Quality: 70})
	return out.Bytes()
}

// sheetTIFF writes the same page as an uncompressed, bilevel-looking grey TIFF
// (little endian, one strip), as fax gateways do.
func sheetTIFF(w, h int, lines []string) []byte {
	img := sheet(w, h, lines)
	type entry struct {
		tag, kind uint16
		count     uint32
		value     uint32
	}
	const entries = 9
	const dataAt = 8 + 2 + entries*12 + 4
	ifd := []entry{
		{256, 4, 1, uint32(w)}, {257, 4, 1, uint32(h)}, {258, 3, 1, 8}, {259, 3, 1, 1}, // size, bits, no compression
		{262, 3, 1, 1}, {273, 4, 1, dataAt}, {277, 3, 1, 1}, {278, 4, 1, uint32(h)}, {279, 4, 1, uint32(w * h)},
	}
	var out bytes.Buffer
	out.WriteString("II*\x00")
	put := func(v any) { _ = binary.Write(&out, binary.LittleEndian, v) }
	put(uint32(8))
	put(uint16(entries))
	for _, e := range ifd {
		put(e)
	}
	put(uint32(0))
	out.Write(img.Pix)
	return out.Bytes()
}

// logo is a small PNG for letters that show one by cid.
func logo(w, h int, c color.RGBA) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	fill(img, 0, 0, w, h, c)
	fill(img, w/2-w/14, h/5, w/7, h*3/5, color.RGBA{255, 255, 255, 255})
	fill(img, w/2-h*3/10, h/2-w/14, h*3/5, w/7, color.RGBA{255, 255, 255, 255})
	var out bytes.Buffer
	_ = png.Encode(&out, img)
	return out.Bytes()
}
