// Package xmlsig verifies and makes enveloped XML signatures, as the MSSanté white
// list carries one: exclusive canonicalisation without comments, RSA-SHA256,
// SHA-256, the signer's certificate in KeyInfo.
//
// It owns its XML reader on purpose. Signature wrapping lives on two parsers
// reading one text differently; here what is digested is what is handed back:
// Verified.XML is the canonical form of the signed part, nothing else, and a
// caller reads that. One signature, child of the root, one reference to the whole
// document, exactly two transforms; anything cleverer is refused, as are DTDs,
// entities, processing instructions, depth, count and size over caps.
//
// It must not know what the document says, and trusts only the anchors it is given.
package xmlsig
