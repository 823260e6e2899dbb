// SPDX-License-Identifier: Apache-2.0

import Testing
import WireJSON

@Suite struct JSONReaderTests {
    @Test(arguments: [
        (#""""#, ""), (#""plain""#, "plain"), (#""ü€😀""#, "ü€😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\uDE00""#, "😀"), (#""a\u0000b""#, "a\0b"), (#" "x" "#, "x"),
        (#""\uFFFF""#, "\u{FFFF}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
    ])
    func `a string is decoded`(json: String, text: String) throws {
        #expect(try read(json) { (reader) throws(JSONError) in try reader.string() } == text)
    }

    @Test(arguments: [
        ("0", Int64(0)), ("-0", 0), ("7", 7), ("-12", -12), ("9223372036854775807", .max),
        ("-9223372036854775808", .min),
    ])
    func `an integer is decoded`(json: String, value: Int64) throws {
        #expect(try read(json) { (reader) throws(JSONError) in try reader.integer() } == value)
    }

    @Test(arguments: ["9223372036854775808", "-9223372036854775809", "1.0", "1e3", "12345678901234567890"])
    func `a number that isn't an integer of 64 bits is refused as one`(json: String) {
        #expect(throws: JSONError.self) { try read(json) { (reader) throws(JSONError) in try reader.integer() } }
    }

    @Test func `an object is walked in its order with every key, repeated ones too`() throws {
        var seen: [String] = []
        try read(#"{"b" : 1, "a":[true ,null], "b":{"c":"d"}}"#) { (reader) throws(JSONError) in
            try reader.object { (key, value) throws(JSONError) in
                seen.append(key)
                switch try value.peek() {
                case .number: seen.append("\(try value.integer())")
                case .array:
                    try value.array { (element) throws(JSONError) in
                        if try element.peek() == .null {
                            try element.null()
                        } else {
                            seen.append("\(try element.bool())")
                        }
                    }
                default: try value.skip()
                }
            }
        }
        #expect(seen == ["b", "1", "a", "true", "b"])
    }

    @Test func `a value is given as the range of its bytes`() throws {
        let json = #"{"k":  {"n":12345678901234567890, "a":[1,2]} }"#
        var range = 0..<0
        try read(json) { (reader) throws(JSONError) in
            try reader.object { (_, value) throws(JSONError) in range = try value.validValue() }
        }
        #expect(String(decoding: Array(json.utf8)[range], as: UTF8.self) == #"{"n":12345678901234567890, "a":[1,2]}"#)
    }

    @Test(arguments: [
        "", " ", "{", "[", "\"", "tru", "nul", "-", "1.", "1e", "1e+", ".5", "+1", "01", "-01", "1.e3", "0x1", "NaN",
        "'a'",
        "{]", "[}", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "[1]]",
        "{}{}",
        "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"\u{1}\"", "\"a\nb\"", "true false", "truefalse", "/**/1", "\u{FEFF}1", "1,", "\u{0}",
    ])
    func `what isn't JSON is refused by skipping it`(json: String) {
        #expect(throws: JSONError.self) { try skip(Array(json.utf8)) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0xC3, 0xBC],
        ] as [[UInt8]])
    func `a string that isn't UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try skip(bytes) }
        #expect(throws: JSONError.self) {
            try JSONReader.read(bytes) { (reader) throws(JSONError) in try reader.string() }
        }
    }

    @Test func `nesting is refused beyond its limit and allowed up to it, however it is read`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func walk(_ reader: inout JSONReader) throws(JSONError) {
            try reader.array { (element) throws(JSONError) in try walk(&element) }
        }
        let max = JSONReader.depthMax
        try skip(Array(nested(max).utf8))
        try read(nested(max)) { (reader) throws(JSONError) in try walk(&reader) }
        #expect(throws: JSONError.self) { try skip(Array(nested(max + 1).utf8)) }
        #expect(throws: JSONError.self) { try skip(Array(String(repeating: "[", count: 1_000_000).utf8)) }
        #expect(throws: JSONError.self) {
            try read(nested(max + 1)) { (reader) throws(JSONError) in try walk(&reader) }
        }
    }

    @Test func `an error names its place and what was expected`() throws {
        let error = #expect(throws: JSONError.self) {
            try read("{\n \"key\": 5}") { (reader) throws(JSONError) in
                try reader.object { (_, value) throws(JSONError) in _ = try value.string() }
            }
        }
        #expect(error?.offset == 10 && error?.line == 2 && error?.column == 9)
        #expect(error?.description == "found a number, expected a string at line 2, column 9")
        let other = #expect(throws: JSONError.self) { try skip(Array("[1 2]".utf8)) }
        #expect(other?.description == "found '2', expected ',' or ']' at line 1, column 4")
        let end = #expect(throws: JSONError.self) { try skip([]) }
        #expect(end?.description == "unexpected end of JSON at line 1, column 1")
    }
}

func read<Value>(_ json: String, _ body: (inout JSONReader) throws(JSONError) -> Value) throws(JSONError) -> Value {
    try JSONReader.read(Array(json.utf8), body)
}

func skip(_ bytes: [UInt8]) throws(JSONError) {
    try JSONReader.read(bytes) { (reader) throws(JSONError) in try reader.skip() }
}

extension JSONReader {
    static func read<Value>(
        _ bytes: [UInt8], _ body: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) in try JSONReader.read(buffer, body) }
        }
        return try result.get()
    }
}
