package xmlsig

import (
	"crypto/rsa"
	"math/big"
)

// testKey gives one of three RSA keys, worth nothing and the same in every run: a
// fuzzing worker then knows the documents another process signed, and no test waits
// for primes.
func testKey(i int) *rsa.PrivateKey {
	primes := [3][2]string{
		{"c1329760478648cd58aa7a719dd4207465d517c1edf2f67df6ca2295b7b9559d1046397f9db452bb9083dcf0a59f58770d7cac953d15d091a844313cc7aac42a" +
			"0ce6cb8f3e1d7e65af5c522fe1deaaa19735dbe3a2e44b0d20f9fa32fb2a0cb1066eb96acbd737f98fbda2360d05aedcc69f625567044a361df47b0d25ffb281",
			"e363e192cfe6696d9e18cc3ab74b6228dd23de2b43ecc3fb8cfd705e747191d7cb2978e9f0350295491b9350e670f61c317a0982d444bee97e09d7f5f0b12a4c" +
				"282defca49af89ca8510735c679d5bcf8d146185f727048e6ab7b0e26231f09235a9a66376d137016d27e856c0cc28137cc4105ae698474d640237c68a29f659"},
		{"dae74f0fe2f0467fb37881f8c52eced0c9c8a631e957822999c31ff05eb172ceb3e098d8a13b231d0375776c7f8d363bf3fc2541b2de08fed9b7b0347eac432e" +
			"c3d73e76b0d272941d0f96808f9dd61cf6ae7aef8482b6121d824ee4c841beaff4b30d98470f910706cb32bd6bd1784da8be4484ffc978a6e198725ea9b3b0ad",
			"e3c2aef756f9a9e0089d5cf1058b22a3b5ed70accd0a38adbc64cacf561d9178d8942de597f2e17593b64b79f13c3c5bf200442e7f94bdcb27f4fbfca94941be" +
				"c24aba945afac74513819fb811ec0dbeb5effd3664a57803096872510e29bd68c504da19211f458735080f68e8b800c41e442d8443f718be3107a6ab26c3ff3b"},
		{"de0d7ad4d4321f346cee68c68d850ec1ab31b24e5025c570373a927321b1b63c191e19225067c20258bc171c98a1b16151c85aacdd48af3e3c5a6609cd55e6c4" +
			"aa3c4b6f488cc3f6ffa94113d95c6471cd3a34d1280f8f6e7cc7f8829e9b5a6193ab6256109b2ab14687fede611d36ac0d51c019ff0ee5577f2a66d86cd38e73",
			"d526b615c96aa05f09cfcd91f9b846de352c6ddb73b69278e38719cb03e4cd874a62b0e21606df2f7cc662b45d01ba89fa3c9cf752d4bd8bb030266c0a9fe163" +
				"df4b42116aea8ca41075c77359e5358a7f1fc74d6ac3144bac48e84d40d1624cb6f8a388d34dcc41673f936735dfae04e038d32f0734f9890e7d315fbf5db5dd"},
	}
	p, _ := new(big.Int).SetString(primes[i][0], 16)
	q, _ := new(big.Int).SetString(primes[i][1], 16)
	one := big.NewInt(1)
	e := big.NewInt(65537)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: new(big.Int).ModInverse(e, phi), Primes: []*big.Int{p, q}}
	k.Precompute()
	if err := k.Validate(); err != nil {
		panic(err)
	}
	return k
}
