// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

/// Bulk get and transactions.
@Suite struct StateBatchTests {
    static let bulk = "/v1.0/state/statestore/bulk"
    static let transaction = "/v1.0/state/statestore/transaction"

    @Test(arguments: ["POST", "PUT"])
    func `a bulk get answers for each key in the order of the request`(method: String) async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"a","value":{"z":1, "y":2}},{"key":"b","value":"x"}]"#)
            _ = try await server.save(#"[{"key":"c","value":3,"metadata":{"ttlInSeconds":"20"}}]"#)
            let answer = try await server.client.send(
                method, Self.bulk, body: #"{"keys":["c","missing","a","b","a"],"parallelism":10,"metadata":{"x":"y"}}"#)
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "application/json")
            #expect(
                answer.text == #"[{"key":"c","data":3,"etag":"3","metadata":{"ttlExpireTime":"2033-05-18T03:33:40Z"}},"#
                    + #"{"key":"missing"},{"key":"a","data":{"z":1, "y":2},"etag":"1"},"#
                    + #"{"key":"b","data":"x","etag":"2"},{"key":"a","data":{"z":1, "y":2},"etag":"1"}]"#)
        }
    }

    @Test(arguments: ["{}", "null", #"{"keys":[]}"#, #"{"keys":null}"#])
    func `a bulk get of nothing is an empty list`(body: String) async throws {
        try await APIServer.run { server async throws in
            #expect(try await server.client.send("POST", Self.bulk, body: body).text == "[]")
        }
    }

    @Test(arguments: [
        "", "[]", #"{"keys":"a"}"#, #"{"keys":[1]}"#, #"{"keys":["a"}"#, #"{"keys":[""]}"#, #"{"parallelism":"x"}"#,
    ])
    func `a malformed bulk get is 400`(body: String) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send("POST", Self.bulk, body: body)
            #expect(answer.status == 400 && answer.text.contains("ERR_MALFORMED_REQUEST"), "\(answer.text)")
        }
    }

    @Test func `a stored value that isn't JSON is an error of its entry only`() async throws {
        try await APIServer.run { server async throws in
            server.store.put("cart||raw", "\u{1}binary")
            _ = try await server.save(#"[{"key":"a","value":1}]"#)
            let answer = try await server.client.send("POST", Self.bulk, body: #"{"keys":["raw","a"]}"#)
            #expect(
                answer.text == #"[{"key":"raw","error":"the value is not JSON: get it by its key"},"#
                    + #"{"key":"a","data":1,"etag":"1"}]"#)
            #expect(try await server.get("raw").text == "\u{1}binary")
        }
    }

    @Test func `more keys than the limit are refused`() async throws {
        try await APIServer.run { server async throws in
            let keys = Array(repeating: #""k""#, count: 10_001).joined(separator: ",")
            let answer = try await server.client.send("POST", Self.bulk, body: #"{"keys":[\#(keys)]}"#)
            #expect(answer.status == 400 && answer.text.contains("10001 keys"))
            let items = Array(repeating: #"{"key":"k"}"#, count: 10_001).joined(separator: ",")
            #expect(try await server.save("[\(items)]").text.contains("10001 items"))
            #expect(server.store.keys.isEmpty)
        }
    }

    @Test func `a transaction applies its operations in order`() async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"old","value":1}]"#)
            let answer = try await server.client.send(
                "POST", Self.transaction,
                body: #"""
                    {"operations":[{"operation":"upsert","request":{"key":"a","value":{"n":1}}},
                    {"operation":"upsert","request":{"key":"a","value":"last","metadata":{"ttlInSeconds":"20"}}},
                    {"operation":"delete","request":{"key":"old"}},{"operation":"delete","request":{"key":"never"}}],
                    "metadata":{"partitionKey":"p"}}
                    """#)
            #expect(answer.status == 204, "\(answer.text)")
            #expect(try await server.get("a").text == #""last""#)
            #expect(try await server.get("a")["metadata.ttlExpireTime"] != nil)
            #expect(server.store.keys == ["cart||a"])
        }
    }

    @Test func `a transaction with one wrong ETag is 500 and applies nothing`() async throws {
        try await APIServer.run { server async throws in
            _ = try await server.save(#"[{"key":"b","value":1}]"#)
            let answer = try await server.client.send(
                "PUT", Self.transaction,
                body: #"{"operations":[{"operation":"upsert","request":{"key":"a","value":1}},"#
                    + #"{"operation":"delete","request":{"key":"b","etag":"99"}}]}"#)
            #expect(answer.status == 500)
            #expect(
                answer.text
                    == #"{"errorCode":"ERR_STATE_TRANSACTION","message":"error while executing state transaction: "#
                    + #"possible etag mismatch. error from state store: the ETag is another one"}"#)
            #expect(server.store.keys == ["cart||b"])
        }
    }

    @Test(arguments: ["{}", #"{"operations":[]}"#, #"{"operations":null}"#])
    func `a transaction of nothing is success`(body: String) async throws {
        try await APIServer.run { server async throws in
            #expect(try await server.client.send("POST", Self.transaction, body: body).status == 204)
        }
    }

    @Test(arguments: [
        ("", "ERR_MALFORMED_REQUEST"), ("[]", "ERR_MALFORMED_REQUEST"),
        (#"{"operations":{}}"#, "ERR_MALFORMED_REQUEST"),
        (#"{"operations":[{"operation":"upsert","request":{"key":"k","etag":5}}]}"#, "ERR_MALFORMED_REQUEST"),
        (#"{"operations":[{"operation":"upsert","request":{"value":5}}]}"#, "ERR_MALFORMED_REQUEST"),
        (#"{"operations":[{"operation":"upsert"}]}"#, "ERR_MALFORMED_REQUEST"),
        (#"{"operations":[{"operation":"merge","request":{"key":"k"}}]}"#, "ERR_NOT_SUPPORTED_STATE_OPERATION"),
        (#"{"operations":[{"request":{"key":"k"}}]}"#, "ERR_NOT_SUPPORTED_STATE_OPERATION"),
    ])
    func `a malformed transaction is 400`(body: String, code: String) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send("POST", Self.transaction, body: body)
            #expect(answer.status == 400 && answer.text.contains(#""errorCode":"\#(code)""#), "\(answer.text)")
            #expect(server.store.keys.isEmpty)
        }
    }

    @Test func `a bad time to live in a transaction is its error, and the query's goes before the body's`() async throws
    {
        try await APIServer.run { server async throws in
            let body =
                #"{"operations":[{"operation":"upsert","request":{"key":"k","metadata":{"ttlInSeconds":"x"}}}]}"#
            let answer = try await server.client.send("POST", Self.transaction, body: body)
            #expect(answer.status == 500)
            #expect(answer.text.contains("ERR_STATE_TRANSACTION") && answer.text.contains("ttlInSeconds"))
            let path = "\(Self.transaction)?metadata.ttlInSeconds=30"
            #expect(try await server.client.send("POST", path, body: body).status == 204)
            #expect(try await server.get("k")["metadata.ttlExpireTime"] == "2033-05-18T03:33:50Z")
        }
    }

    @Test func `an unknown operation is named`() async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send(
                "POST", Self.transaction, body: #"{"operations":[{"operation":"merge","request":{"key":"k"}}]}"#)
            #expect(
                answer.text
                    == #"{"errorCode":"ERR_NOT_SUPPORTED_STATE_OPERATION","#
                    + #""message":"operation type merge not supported"}"#
            )
        }
    }

    @Test func `a transaction on a store without them is 500 with a link`() async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send("POST", "/v1.0/state/simple/transaction", body: "{}")
            #expect(answer.status == 500)
            #expect(answer.text.contains(#""errorCode":"ERR_STATE_STORE_NOT_SUPPORTED""#))
            #expect(answer.text.contains(#""message":"state store simple doesn't support transactions""#))
            #expect(answer.text.contains("DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED"))
            #expect(answer.text.contains("https://docs.dapr.io/reference/components-reference/supported-state-stores/"))
        }
    }

    @Test func `more operations than the limit are refused`() async throws {
        try await APIServer.run { server async throws in
            let operation = #"{"operation":"delete","request":{"key":"k"}}"#
            let operations = Array(repeating: operation, count: 10_001).joined(separator: ",")
            let answer = try await server.client.send(
                "POST", Self.transaction, body: #"{"operations":[\#(operations)]}"#)
            #expect(answer.status == 400)
            #expect(answer.text.contains("ERR_STATE_STORE_TOO_MANY_TRANSACTIONS"))
            #expect(
                answer.text.contains(#""metadata":{"currentOpsTransaction":"10001","maxOpsPerTransaction":"10000"}"#))
        }
    }
}
