// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireJSON

/// Goal: the reader accepts and refuses what RFC 8259 says. Method: texts that are cut, mutated and generated with a
/// fixed seed, compared with Foundation's parser where the two have the same rules.
@Suite struct JSONOracleTests {
    static let seed = #"{"key":"a\u00e9\ud83d\ude00\n","value":[1,-2.5e+10,0,true,false,null,{"":"ü"}],"z":{},"y":[ ]}"#

    @Test func `a text cut at any byte is refused, and whole it is accepted`() throws {
        let bytes = Array(Self.seed.utf8)
        try skip(bytes)
        for end in 0..<bytes.count {
            #expect(throws: JSONError.self, "cut at \(end)") { try skip(Array(bytes[..<end])) }
        }
    }

    @Test func `a text with any byte changed is judged as Foundation judges it`() {
        var random = SplitMix(state: 2026)
        let alphabet = Array(#"{}[]":,\/ untrfalse0123456789.eE+-x"#.utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xFF, 0x0A]
        for _ in 0..<20_000 {
            var bytes = Array(Self.seed.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
            }
            compare(bytes)
        }
    }

    @Test func `generated tokens in any order are judged as Foundation judges them`() {
        var random = SplitMix(state: 7)
        let tokens = ["{", "}", "[", "]", ":", ",", #""a""#, "1", "-0.5", "true", "null", " ", #""\u0041""#, "1e5"]
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &random)
            compare(Array((0..<count).map { _ in tokens.randomElement(using: &random) ?? "" }.joined().utf8))
        }
    }

    @Test func `strings that Foundation writes are read back`() throws {
        var random = SplitMix(state: 11)
        for _ in 0..<2_000 {
            let scalars = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &random) ? 0x7F : 0x10FFFF), using: &random))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let json = try JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed)
            #expect(try JSONReader.read(Array(json)) { (reader) throws(JSONError) in try reader.string() } == text)
        }
    }

    private func compare(_ bytes: [UInt8]) {
        var isAccepted = true
        do { try skip(bytes) } catch { isAccepted = false }
        let isAcceptedByFoundation =
            (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
        if isAccepted != isAcceptedByFoundation, !isKnownDifference(bytes, isAccepted) {
            Issue.record("accepted: \(isAccepted), not as by Foundation: \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    /// Foundation stops at a zero byte, takes UTF-16 and a comma after the last element, and refuses numbers that no
    /// Double holds; none of that is in RFC 8259.
    private func isKnownDifference(_ bytes: [UInt8], _ isAccepted: Bool) -> Bool {
        if bytes.contains(0) || bytes.first == 0xFF || bytes.first == 0xC3 { return true }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.contains(isAccepted ? /[eE]\+?[0-9]{3}/ : /,\s*[\]}]/)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15  // Safe: the sequence is defined modulo 2^64.
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9  // Safe: as above.
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB  // Safe: as above.
        return mixed ^ (mixed >> 31)
    }
}
