// SPDX-License-Identifier: Apache-2.0

// Safe in this file: sums are defined modulo 2^32, and the length modulo 2^64.

/// MD5 (RFC 1321), which places the points of a ketama ring. Not for anything that must be secret or genuine.
enum MD5 {
    /// The digest as four words; the first byte of the digest is the lowest of the first word.
    typealias Digest = InlineArray<4, UInt32>

    private static let blockBytes = 64
    private static let start: Digest = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
    private static let rotations: InlineArray<16, UInt32> = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
    /// The first 32 bits behind the point of |sin(i + 1)|.
    private static let sines: InlineArray<64, UInt32> = [
        0xD76A_A478, 0xE8C7_B756, 0x2420_70DB, 0xC1BD_CEEE, 0xF57C_0FAF, 0x4787_C62A, 0xA830_4613, 0xFD46_9501,
        0x6980_98D8, 0x8B44_F7AF, 0xFFFF_5BB1, 0x895C_D7BE, 0x6B90_1122, 0xFD98_7193, 0xA679_438E, 0x49B4_0821,
        0xF61E_2562, 0xC040_B340, 0x265E_5A51, 0xE9B6_C7AA, 0xD62F_105D, 0x0244_1453, 0xD8A1_E681, 0xE7D3_FBC8,
        0x21E1_CDE6, 0xC337_07D6, 0xF4D5_0D87, 0x455A_14ED, 0xA9E3_E905, 0xFCEF_A3F8, 0x676F_02D9, 0x8D2A_4C8A,
        0xFFFA_3942, 0x8771_F681, 0x6D9D_6122, 0xFDE5_380C, 0xA4BE_EA44, 0x4BDE_CFA9, 0xF6BB_4B60, 0xBEBF_BC70,
        0x289B_7EC6, 0xEAA1_27FA, 0xD4EF_3085, 0x0488_1D05, 0xD9D4_D039, 0xE6DB_99E5, 0x1FA2_7CF8, 0xC4AC_5665,
        0xF429_2244, 0x432A_FF97, 0xAB94_23A7, 0xFC93_A039, 0x655B_59C3, 0x8F0C_CC92, 0xFFEF_F47D, 0x8584_5DD1,
        0x6FA8_7E4F, 0xFE2C_E6E0, 0xA301_4314, 0x4E08_11A1, 0xF753_7E82, 0xBD3A_F235, 0x2AD7_D2BB, 0xEB86_D391,
    ]

    static func digest(of message: Span<UInt8>) -> Digest {
        var digest = start
        var words = InlineArray<16, UInt32>(repeating: 0)
        let wholeEnd = message.count / blockBytes * blockBytes
        for offset in stride(from: 0, to: wholeEnd, by: blockBytes) {
            for index in 0..<16 { words[index] = message.word32(offset + 4 * index) }
            add(words, to: &digest)
        }
        let rest = message.count - wholeEnd
        for index in 0..<16 { words[index] = message.partialWord32(wholeEnd + 4 * index) }
        words[rest / 4] |= 0x80 << UInt32(rest % 4 * 8)
        // The length takes the last eight bytes; where the rest leaves no room for it, it needs a block of its own.
        if rest >= blockBytes - 8 {
            add(words, to: &digest)
            words = InlineArray(repeating: 0)
        }
        let bits = UInt64(message.count) &* 8
        words[14] = UInt32(truncatingIfNeeded: bits)
        words[15] = UInt32(truncatingIfNeeded: bits >> 32)
        add(words, to: &digest)
        return digest
    }

    private static func add(_ words: InlineArray<16, UInt32>, to digest: inout Digest) {
        var state = State(a: digest[0], b: digest[1], c: digest[2], d: digest[3])
        for step in 0..<16 {
            state.turn(state.b & state.c | ~state.b & state.d, step, words[step])
        }
        for step in 16..<32 {
            state.turn(state.d & state.b | ~state.d & state.c, step, words[(5 * step + 1) & 15])
        }
        for step in 32..<48 {
            state.turn(state.b ^ state.c ^ state.d, step, words[(3 * step + 5) & 15])
        }
        for step in 48..<64 {
            state.turn(state.c ^ (state.b | ~state.d), step, words[7 * step & 15])
        }
        digest[0] &+= state.a
        digest[1] &+= state.b
        digest[2] &+= state.c
        digest[3] &+= state.d
    }

    private struct State {
        var a: UInt32
        var b: UInt32
        var c: UInt32
        var d: UInt32

        /// One of the 64 steps; `mixed` is what its round makes of b, c and d.
        mutating func turn(_ mixed: UInt32, _ step: Int, _ word: UInt32) {
            let sum = a &+ mixed &+ sines[step] &+ word
            let bits = rotations[(step >> 4) << 2 | step & 3]
            (a, d, c, b) = (d, c, b, b &+ (sum << bits | sum >> (32 - bits)))
        }
    }
}
