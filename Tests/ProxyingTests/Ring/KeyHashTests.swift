// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxying

@Suite struct KeyHashTests {
    @Test(
        "A hash of twemproxy gives its value",
        arguments: [
            (KeyHash.oneAtATime, 2_297_466_611), (.md5, 3_195_025_439), (.crc16, 3_662_830_516), (.crc32, 10542),
            (.crc32a, 2_838_417_488), (.fnv1_64, 473_199_127), (.fnv1a_64, 1_488_911_807), (.fnv1_32, 67_176_023),
            (.fnv1a_32, 280_767_167), (.hsieh, 3_738_850_110), (.murmur, 4_142_305_122), (.jenkins, 1_442_444_624),
        ] as [(KeyHash, UInt64)])
    func apple(hash: KeyHash, value: UInt64) {
        #expect(hash.hash(Array("apple".utf8).span) == value)
    }

    @Test(
        "XXH3 gives the published algorithm's value for every way that it treats lengths",
        arguments: [
            (0, 0x2d06_8005_38d3_94c2), (1, 0xe12e_f9d2_eb86_ceeb), (2, 0x1526_811c_52b5_cfc0),
            (3, 0xb2b0_6c45_ef88_8ef4), (4, 0x8b80_6c96_ec81_f796), (5, 0x988e_18b6_a130_77ac),
            (8, 0x65d8_b6bd_6573_b7b0), (9, 0x986d_1ba8_896f_8d5c), (12, 0x4423_5015_86f8_3614),
            (16, 0xbf74_9412_1e7b_aaae), (17, 0xe3cd_2567_f32f_0352), (32, 0xd4e5_c8d8_06f0_727c),
            (33, 0xced4_145b_0a4b_2158), (64, 0xf1e7_32b0_8c1e_ed8d), (65, 0xd548_1cf2_30d1_d5b5),
            (96, 0x953f_c25e_54a6_882e), (97, 0x204b_d1f2_0ca2_7681), (128, 0x7b12_2029_6237_0c6b),
            (129, 0xf6fb_c59c_7fd7_82cf), (144, 0x6eb2_8e36_3100_3a1d), (200, 0x5ceb_a888_0240_ac01),
            (240, 0x734c_f393_eeef_be12), (241, 0x2b0b_1cba_7b2e_d7ea), (255, 0xb6c1_7525_1eb2_3565),
            (512, 0xefd7_daaa_d3ea_a187), (1023, 0xb26b_c6b2_191d_b70b), (1024, 0x7096_ba80_4774_0850),
            (1025, 0x643a_b37b_fafc_4255), (1088, 0x4b0b_8989_5435_9bf8), (2048, 0xde34_d53f_ce9e_10c0),
            (5000, 0x51f4_6f41_6e14_fc69),
        ] as [(Int, UInt64)])
    func lengths(count: Int, value: UInt64) {
        let key = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 + 7 * ($0 >> 3) + count) }
        #expect(KeyHash.xxh3.hash(key.span) == value)
    }

    @Test(
        "MD5 gives the digests of RFC 1321",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f"
            ),
            (String(repeating: "1234567890", count: 8), "57edf4a22be3c955ac49da2e2107b67a"),
        ])
    func digests(message: String, digest: String) {
        let words = MD5.digest(of: Array(message.utf8).span)
        let text = (0..<4).map { index in
            let hex = String(words[index].byteSwapped, radix: 16)
            return String(repeating: "0", count: 8 - hex.count) + hex
        }
        #expect(text.joined() == digest)
    }

    @Test("Bytes from 0x80 on count as negative where C's char does on x86")
    func signedBytes() {
        let key: [UInt8] = [0xC3, 0xA9, 0x74]
        // FNV-1a by hand: each byte widened with its sign.
        var expected: UInt32 = 0x811C_9DC5
        for byte in [0xFFFF_FFC3, 0xFFFF_FFA9, 0x74] as [UInt32] { expected = (expected ^ byte) &* 0x0100_0193 }
        #expect(KeyHash.fnv1a_32.hash(key.span) == UInt64(expected))
    }

    @Test("A key that ends anywhere in a word is hashed without reading behind it", arguments: KeyHash.allCases)
    func anyLength(hash: KeyHash) {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var values: Set<UInt64> = []
        for count in 0..<300 {
            let whole = Array(bytes[..<count])
            // The same key in the middle of a buffer has the same hash.
            #expect(hash.hash(bytes.span.extracting(0..<count)) == hash.hash(whole.span))
            values.insert(hash.hash(whole.span))
        }
        #expect(values.count > 290)
    }
}
