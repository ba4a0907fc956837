package trust

import (
	"crypto/rsa"
	"math/big"
)

// testKey is an RSA key worth nothing, the same in every run: a fuzzing worker then
// knows the lists another process signed, and no test waits for primes.
func testKey() *rsa.PrivateKey {
	p, _ := new(big.Int).SetString("efe7a56d4fc6353f762b6a352d60b4280a0678eb4cffbe5bc81fa0a0fd07b3476a6d8955f332b8b5c8d9ea676db92a9e003598aa9f15b841406780c95bd49037"+
		"7b9c4d3ac1f66bdcd8200ed2b04da4a832983f50b04d3441e4b12f6f8ab959d0a1143dc7368a7a2b3f278ab78a55ebdf8e88ef064e6a87bb31ebcb8815fe6965", 16)
	q, _ := new(big.Int).SetString("dcd4c28b10e4bac521fd50beaad2e17fb03fc763795addcfcaba767a1148803151fcb13473ead05e182a837647fa0e81c556ec4d1ec4ce7d49666ef12e7e27a1"+
		"20a8665921ed732cdb4d8b8ba109989e864d63db723f6f58ec623936dd9dcbb1476d327c80e34ea384bb78d75eb34b516e9ae9defc1cc4e59ed00cd7f1de2d81", 16)
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: new(big.Int).ModInverse(big.NewInt(65537), phi), Primes: []*big.Int{p, q}}
	k.Precompute()
	if err := k.Validate(); err != nil {
		panic(err)
	}
	return k
}
