package xmlsig

import "strings"

// start reads a start tag: names, namespaces, attributes.
func (r *reader) start(parent *node) (n *node, closed bool, err error) {
	if err := r.spend(); err != nil {
		return nil, false, err
	}
	r.at++
	n = &node{parent: parent}
	if n.prefix, n.name, err = r.qname(); err != nil {
		return nil, false, err
	}
	for {
		gap := r.spaces()
		switch {
		case r.starts("/>"):
			r.at += 2
			return n, true, r.resolve(n)
		case r.starts(">"):
			r.at++
			return n, false, r.resolve(n)
		case !gap:
			return nil, false, r.fail("an ill-formed tag")
		}
		if err := r.attribute(n); err != nil {
			return nil, false, err
		}
	}
}

func (r *reader) attribute(n *node) error {
	prefix, name, err := r.qname()
	if err != nil {
		return err
	}
	r.spaces()
	if !r.starts("=") {
		return r.fail("an attribute without a value")
	}
	r.at++
	r.spaces()
	if !r.starts(`"`) && !r.starts("'") {
		return r.fail("an attribute without quotes")
	}
	quote := r.src[r.at : r.at+1]
	r.at++
	end := strings.Index(r.src[r.at:], quote)
	if end < 0 {
		return r.fail("an endless attribute")
	}
	raw := r.src[r.at : r.at+end]
	if strings.Contains(raw, "<") {
		return r.fail("a < in an attribute")
	}
	value, err := r.unescape(raw, true)
	if err != nil {
		return err
	}
	r.at += end + 1
	if len(n.attrs)+len(n.declared) >= maxAttributes {
		return r.fail("too many attributes")
	}
	if err := r.spend(); err != nil {
		return err
	}
	switch {
	case prefix == "" && name == "xmlns":
		return r.declare(n, attr{name: "", value: value})
	case prefix == "xmlns":
		if name == "xml" || name == "xmlns" || value == "" || value == xmlNamespace {
			return r.fail("a reserved namespace declaration")
		}
		return r.declare(n, attr{name: name, value: value})
	default:
		n.attrs = append(n.attrs, attr{prefix: prefix, name: name, value: value})
	}
	return nil
}

func (r *reader) declare(n *node, d attr) error {
	if r.inScope++; r.inScope > maxInScope {
		return r.fail("too many namespaces")
	}
	n.declared = append(n.declared, d)
	return nil
}
