// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import HTTPAPI
import TestKit
import Testing

@Suite struct StateAPITests {
    @Test(arguments: [
        "1", "12345678901234567890", "true", "null", #""x""#, #""""#, #"{"b":1,"a":{"c":[1, 2.50e3]}}"#, "[ 1,\n2 ]",
        #""\u00e9\ud83d\ude00""#, #""über""#,
    ])
    func `a value comes back as the bytes that were saved`(value: String) async throws {
        try await APIServer.run { server async throws in
            let saved = try await server.save(#"[{"key":"k","value":\#(value)}]"#)
            #expect(saved.status == 204)
            #expect(saved.body.isEmpty && saved["content-length"] == nil)
            let answer = try await server.get("k")
            #expect(answer.status == 200)
            #expect(answer.text == value)
            #expect(answer["content-type"] == "application/json")
            #expect(answer["etag"] == "1")
            #expect(server.store.keys == ["cart||k"])
        }
    }

    @Test func `a missing key is 204 without a body, and a missing value is null`() async throws {
        try await APIServer.run { server async throws in
            let missing = try await server.get("k")
            #expect(missing.status == 204 && missing.body.isEmpty && missing["etag"] == nil)
            #expect(try await server.save(#"[{"key":"k"}]"#).status == 204)
            #expect(try await server.get("k").text == "null")
        }
    }

    @Test(arguments: ["[]", "null", " [ ] "])
    func `nothing to save is success`(body: String) async throws {
        try await APIServer.run { server async throws in #expect(try await server.save(body).status == 204) }
    }

    @Test(arguments: [
        "", "{}", "[{", "[1]", #"[{"value":1}]"#, #"[{"key":"","value":1}]"#, #"[{"key":1}]"#,
        #"[{"key":"k","value":}]"#, #"[{"key":"k","etag":5}]"#, #"[{"key":"k","value":01}]"#, #"[{"key":"k"}] x"#,
        #"[{"key":"k","metadata":{"ttlInSeconds":5}}]"#, #"[{"key":"k","options":[]}]"#,
        #"[{"key":"k","value":"\ud800"}]"#,
        #"[{"key":"a","value":1},{"key":"b||c","value":1}]"#, "\u{FEFF}[]",
        #"[{"key":"k","value":\#(String(repeating: "[", count: 600))\#(String(repeating: "]", count: 600))}]"#,
    ])
    func `a malformed body is 400 and saves nothing`(body: String) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.save(body)
            #expect(answer.status == 400)
            #expect(answer.text.hasPrefix(#"{"errorCode":"ERR_MALFORMED_REQUEST","message":""#), "\(answer.text)")
            #expect(server.store.keys.isEmpty)
        }
    }

    @Test func `a malformed body's error names the place`() async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.save("[\n  {\"key\": 5}]")
            #expect(answer.text.contains("found a number, expected a string at line 2, column 11"))
            #expect(try await server.save(#"[{"value":1}]"#).text.contains(#"\"key\" is a required field"#))
        }
    }

    @Test func `POST and PUT save alike, and fields are found without case`() async throws {
        try await APIServer.run { server async throws in
            let put = try await server.client.send(
                "PUT", "/v1.0/state/statestore/", body: #"[{"Key":"k","VALUE":1,"x":{}}]"#)
            #expect(put.status == 204)
            #expect(try await server.get("k").text == "1")
        }
    }

    @Test func `the last of repeated fields wins`() async throws {
        try await APIServer.run { server async throws in
            #expect(try await server.save(#"[{"key":"a","key":"b","value":1,"value":2}]"#).status == 204)
            #expect(server.store.keys == ["cart||b"])
            #expect(try await server.get("b").text == "2")
        }
    }

    @Test func `a wrong ETag is 409 and the value stays`() async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"k","value":1}]"#)
            let refused = try await server.save(#"[{"key":"k","value":2,"etag":"99"}]"#)
            #expect(refused.status == 409)
            #expect(
                refused.text
                    == #"{"errorCode":"ERR_STATE_SAVE","message":"failed saving state in state store statestore: "#
                    + #"possible etag mismatch. error from state store: the ETag is another one"}"#)
            #expect(try await server.get("k").text == "1")
            #expect(try await server.save(#"[{"key":"k","value":2,"etag":"1"}]"#).status == 204)
            #expect(try await server.get("k")["etag"] == "2")
        }
    }

    @Test func `of several items the good ones are saved and the bad one is named`() async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"a","value":1},{"key":"b","value":1}]"#)
            let answer = try await server.save(
                #"[{"key":"a","value":2,"etag":"1"},{"key":"b","value":2,"etag":"1"},{"key":"c","value":2}]"#)
            #expect(answer.status == 409)
            #expect(answer.text.contains("1 of 3 items were not saved: 'b'"))
            #expect(try await server.get("a").text == "2")
            #expect(try await server.get("b").text == "1")
            #expect(try await server.get("c").text == "2")
        }
    }

    @Test(arguments: [
        (#"{"concurrency":"first-write"}"#, "null", 409), (#"{"concurrency":"first-write"}"#, #""""#, 409),
        (#"{"concurrency":"first-write"}"#, #""99""#, 409), (#"{"concurrency":"first-write"}"#, #""1""#, 204),
        (#"{"concurrency":"last-write"}"#, #""99""#, 204), (#"{"consistency":"strong"}"#, #""99""#, 409),
        (#"{"consistency":"eventual"}"#, "null", 204), ("null", #""""#, 204),
        (#"{"concurrency":"none"}"#, "null", 500), (#"{"consistency":"weak"}"#, "null", 500),
    ])
    func `concurrency and ETag decide over a second write`(options: String, etag: String, status: Int) async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"k","value":1}]"#)
            let answer = try await server.save(#"[{"key":"k","value":2,"etag":\#(etag),"options":\#(options)}]"#)
            #expect(answer.status == status, "\(answer.text)")
            #expect(try await server.get("k").text == (status == 204 ? "2" : "1"))
        }
    }

    @Test func `first-write creates a key that doesn't exist`() async throws {
        try await APIServer.run { server async throws in
            let body = #"[{"key":"k","value":1,"options":{"concurrency":"first-write"}}]"#
            #expect(try await server.save(body).status == 204)
            #expect(try await server.save(body).status == 409)
        }
    }

    @Test func `a time to live is set, given back, replaced by the query's, and removed`() async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"k","value":1,"metadata":{"ttlInSeconds":"20"}}]"#)
            #expect(try await server.get("k")["metadata.ttlExpireTime"] == "2033-05-18T03:33:40Z")
            _ = try await server.save(
                #"[{"key":"k","value":1,"metadata":{"ttlInSeconds":"20"}}]"#, query: "?metadata.ttlInSeconds=30")
            #expect(try await server.get("k")["metadata.ttlExpireTime"] == "2033-05-18T03:33:50Z")
            for metadata in [#"{"ttlInSeconds":"-1"}"#, #"{"ttlInSeconds":"0"}"#, "{}", "null"] {
                _ = try await server.save(#"[{"key":"k","value":1,"metadata":{"ttlInSeconds":"20"}}]"#)
                _ = try await server.save(#"[{"key":"k","value":1,"metadata":\#(metadata)}]"#)
                #expect(try await server.get("k")["metadata.ttlExpireTime"] == nil)
            }
        }
    }

    @Test(arguments: ["x", "1.5", "", "5s", "99999999999999999999", "9223372036854775807"])
    func `a bad time to live is an error and saves nothing`(text: String) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.save(
                #"[{"key":"a","value":1},{"key":"k","value":1,"metadata":{"ttlInSeconds":"\#(text)"}}]"#)
            #expect(answer.status == 500)
            #expect(answer.text.contains("ERR_STATE_SAVE") && answer.text.contains("ttlInSeconds"))
            #expect(server.store.keys.isEmpty)
        }
    }

    @Test func `a delete removes, is no error for a missing key, and heeds If-Match`() async throws {
        try await APIServer.run { server async throws in
            let path = "/v1.0/state/statestore/k"
            #expect(try await server.client.send("DELETE", path).status == 204)
            _ = try await server.save(#"[{"key":"k","value":1}]"#)
            let refused = try await server.client.send("DELETE", path, headers: [("If-Match", "99")])
            #expect(refused.status == 409)
            #expect(
                refused.text == #"{"errorCode":"ERR_STATE_DELETE","message":"failed deleting state with key k: "#
                    + #"possible etag mismatch. error from state store: the ETag is another one"}"#)
            let lastWrite = "\(path)?concurrency=last-write"
            #expect(try await server.client.send("DELETE", lastWrite, headers: [("If-Match", "99")]).status == 204)
            #expect(try await server.get("k").status == 204)
            _ = try await server.save(#"[{"key":"k","value":1}]"#)
            #expect(try await server.client.send("DELETE", path, headers: [("If-Match", "2")]).status == 204)
            #expect(server.store.keys.isEmpty)
            #expect(try await server.client.send("DELETE", "\(path)?concurrency=x").text.contains("ERR_STATE_DELETE"))
        }
    }

    @Test(arguments: [
        ("a%2Fb", "a/b"), ("a%20b", "a b"), ("a+b", "a b"), ("%C3%BC", "ü"), ("a%2Bb", "a+b"), ("..%2f", "../"),
    ])
    func `a key in a path is decoded as Dapr does it`(path: String, key: String) async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"\#(key)","value":7}]"#)
            #expect(try await server.get(path).text == "7")
        }
    }

    @Test(arguments: ["%zz", "%", "%e", "%ff"])
    func `a path that isn't percent-encoded UTF-8 is 400`(key: String) async throws {
        try await APIServer.run { server async throws in #expect(try await server.get(key).status == 400) }
    }

    @Test func `the longest key fits a path, however it is encoded, and a longer one is 400`() async throws {
        try await APIServer.run { server async throws in
            let longest = StateComponent.keyBytesMax
            #expect(try await server.get(String(repeating: "%7E", count: longest)).status == 204)
            let answer = try await server.get(String(repeating: "k", count: longest + 1))
            #expect(answer.status == 400 && answer.text.contains("a key can't be longer than \(longest) bytes"))
        }
    }

    @Test func `a value of three mebibytes is kept`() async throws {
        try await APIServer.run { server async throws in
            let value = "\"" + String(repeating: "x", count: 3 << 20) + "\""
            #expect(try await server.save(#"[{"key":"k","value":\#(value)}]"#).status == 204)
            #expect(try await server.get("k").text == value)
        }
    }
}
