package message

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"golang.org/x/image/tiff"
	"golang.org/x/image/tiff/lzw"
	"pli.example/pli/internal/problem"
)

// Bounds of one conversion, in bytes. With the file, the picture and the decoder's
// own buffer of one block, which grows by doubling, a conversion stays under some
// 300 MB; callers run one at a time.
const (
	maxTIFFBytes   = 40 << 20
	maxTIFFDecoded = 64 << 20 // an A4 page in colour at 300 dpi takes 35 MB
	maxTIFFPixels  = 40_000_000
)

var errTIFF = errors.New("tiff")

// TIFFToPNG writes the first page of a TIFF as PNG. Sizes are read before any
// pixel: an image of more than maxPixels (0: 40 million), or whose picture would
// take more than 64 MB in memory, is TooLarge; one whose blocks inflate to more than
// they announce is Invalid. Run one at a time.
func TIFFToPNG(w io.Writer, r io.Reader, maxPixels int) (err error) {
	const cannot = "Cette image ne peut pas être montrée ici. Elle est intacte\u00a0: téléchargez-la pour l’ouvrir avec votre logiciel."
	const tooBig = "Cette image est trop grande pour être montrée ici. Elle est intacte\u00a0: téléchargez-la."
	if maxPixels <= 0 {
		maxPixels = maxTIFFPixels
	}
	defer func() { // the decoder reads offsets a stranger wrote
		if p := recover(); p != nil {
			err = problem.Wrap(fmt.Errorf("%w: decoder panic: %s", errTIFF, problem.PanicWords(p)), problem.Invalid, cannot)
		}
	}()
	raw, err := io.ReadAll(io.LimitReader(r, maxTIFFBytes+1))
	if err != nil {
		return problem.Wrap(err, problem.UpstreamDown, "L’image n’a pas pu être lue en entier. Réessayez.")
	}
	if len(raw) > maxTIFFBytes {
		return problem.New(problem.TooLarge, tooBig)
	}
	cfg, err := tiff.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return problem.Wrap(fmt.Errorf("%w: %w", errTIFF, err), problem.Invalid, cannot)
	}
	if !fits(cfg, maxPixels) {
		return problem.New(problem.TooLarge, tooBig)
	}
	if err := checkBlocks(raw, cfg); err != nil {
		return problem.Wrap(fmt.Errorf("%w: %w", errTIFF, err), problem.Invalid, cannot)
	}
	img, err := tiff.Decode(bytes.NewReader(raw))
	if err != nil {
		return problem.Wrap(fmt.Errorf("%w: %w", errTIFF, err), problem.Invalid, cannot)
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	return problem.Wrap(enc.Encode(w, img), problem.Internal, cannot)
}

// fits measures the picture as the decoder will hold it.
func fits(cfg image.Config, maxPixels int) bool {
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxPixels || cfg.Height > maxPixels || cfg.Width*cfg.Height > maxPixels {
		return false
	}
	return cfg.Width*cfg.Height <= maxTIFFDecoded/pixelBytes(cfg.ColorModel)
}

// pixelBytes is what a pixel takes in the decoder's picture: colours always have
// four channels there. A palette is not comparable, hence the switch on type.
func pixelBytes(m color.Model) int {
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBAModel, color.NRGBAModel:
		return 4
	}
	return 8
}

// The tags we look at (TIFF 6.0, section 8), and the compressions that inflate.
const (
	tagBits         = 258
	tagCompression  = 259
	tagStripOffsets = 273
	tagRowsPerStrip = 278
	tagStripCounts  = 279
	tagTileWidth    = 322
	tagTileLength   = 323
	tagTileOffsets  = 324
	tagTileCounts   = 325

	packBits   = 32773
	lzwCode    = 5
	deflate    = 8
	deflateOld = 32946
)

var errInflates = errors.New("a block holds more than its rows")

// checkBlocks inflates each block into nothing: the decoder keeps up to eight bytes
// a pixel of whatever a block inflates to, in a buffer that doubles, however small
// the picture's own pixels are. A block that holds more than its rows is a lie.
func checkBlocks(raw []byte, cfg image.Config) error {
	d, err := readIFD(raw)
	if err != nil {
		return err
	}
	compression := d.first(tagCompression, 1)
	switch compression {
	case packBits, lzwCode, deflate, deflateOld:
	default: // none and fax: bounded by the file and by the rows
		return nil
	}
	width, height := cfg.Width, cfg.Height
	offsets, counts := d.all(tagStripOffsets), d.all(tagStripCounts)
	if tw := int(d.first(tagTileWidth, 0)); tw > 0 {
		width, height = tw, int(d.first(tagTileLength, 0))
		offsets, counts = d.all(tagTileOffsets), d.all(tagTileCounts)
	} else if rows := int(d.first(tagRowsPerStrip, 0)); rows > 0 {
		height = min(height, rows)
	}
	bits := 0
	for _, b := range d.all(tagBits) {
		bits += int(b)
	}
	want := int64(width*max(bits, 1)+7) / 8 * int64(height)
	if width <= 0 || height <= 0 || width > maxTIFFPixels || height > maxTIFFPixels || want > 2*maxTIFFDecoded {
		return errors.New("size of a block")
	}
	for i := range min(len(offsets), len(counts)) {
		from, n := int64(offsets[i]), int64(counts[i])
		if from > int64(len(raw)) {
			return errors.New("a block outside of the file")
		}
		if got := inflated(compression, raw[from:min(from+n, int64(len(raw)))], want+1); got > want {
			return errInflates
		}
	}
	return nil
}

// inflated counts what a block inflates to, up to limit. A broken block counts for
// what it gives before it breaks: the decoder will say that it is broken.
func inflated(compression uint32, block []byte, limit int64) int64 {
	var r io.ReadCloser
	switch compression {
	case packBits:
		return unpacked(block)
	case lzwCode:
		r = lzw.NewReader(bytes.NewReader(block), lzw.MSB, 8)
	default:
		var err error
		if r, err = zlib.NewReader(bytes.NewReader(block)); err != nil {
			return 0
		}
	}
	defer r.Close()
	n, _ := io.Copy(io.Discard, io.LimitReader(r, limit)) // see above
	return n
}

// unpacked is the length of a PackBits block (TIFF 6.0, section 9).
func unpacked(block []byte) (n int64) {
	for i := 0; i < len(block); {
		switch c := int(int8(block[i])); {
		case c >= 0:
			n, i = n+int64(c)+1, i+c+2
		case c == -128:
			i++
		default:
			n, i = n+int64(1-c), i+2
		}
	}
	return n
}

// ifd is the first page's directory.
type ifd struct {
	raw     []byte
	order   binary.ByteOrder
	entries map[uint16][]byte // twelve bytes each
}

func readIFD(raw []byte) (*ifd, error) {
	d := &ifd{raw: raw, order: binary.LittleEndian, entries: map[uint16][]byte{}}
	if len(raw) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	if raw[0] == 'M' {
		d.order = binary.BigEndian
	}
	at := int64(d.order.Uint32(raw[4:]))
	if at+2 > int64(len(raw)) {
		return nil, io.ErrUnexpectedEOF
	}
	n := int64(d.order.Uint16(raw[at:]))
	if at += 2; at+12*n > int64(len(raw)) {
		return nil, io.ErrUnexpectedEOF
	}
	for i := range n {
		e := raw[at+12*i : at+12*i+12]
		d.entries[d.order.Uint16(e)] = e
	}
	return d, nil
}

func (d *ifd) first(tag uint16, otherwise uint32) uint32 {
	if v := d.all(tag); len(v) > 0 {
		return v[0]
	}
	return otherwise
}

// all gives the numbers of a field of type BYTE, SHORT or LONG.
func (d *ifd) all(tag uint16) []uint32 {
	e := d.entries[tag]
	if e == nil {
		return nil
	}
	size := map[uint16]int64{1: 1, 3: 2, 4: 4}[d.order.Uint16(e[2:])]
	n := int64(d.order.Uint32(e[4:]))
	data := e[8:12]
	if size*n > 4 {
		from := int64(d.order.Uint32(e[8:]))
		if from+size*n > int64(len(d.raw)) {
			return nil
		}
		data = d.raw[from : from+size*n]
	}
	if size == 0 {
		return nil
	}
	out := make([]uint32, n)
	for i := range out {
		switch p := data[int64(i)*size:]; size {
		case 1:
			out[i] = uint32(p[0])
		case 2:
			out[i] = uint32(d.order.Uint16(p))
		default:
			out[i] = d.order.Uint32(p)
		}
	}
	return out
}
