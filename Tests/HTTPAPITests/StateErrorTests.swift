// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import HTTPAPI
import TestKit
import Testing

@Suite struct StateErrorTests {
    static let calls: [(String, String, String?)] = [
        ("GET", "/v1.0/state/nope/k", nil), ("POST", "/v1.0/state/nope", "[]"), ("PUT", "/v1.0/state/nope", ""),
        ("DELETE", "/v1.0/state/nope/k", nil), ("POST", "/v1.0/state/nope/bulk", "{}"),
        ("POST", "/v1.0/state/nope/transaction", "{}"), ("POST", "/v1.0-alpha1/state/nope/query", "{}"),
    ]

    @Test(arguments: calls)
    func `an unknown store is 400 with the app's id`(method: String, path: String, body: String?) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send(method, path, body: body)
            #expect(answer.status == 400)
            #expect(answer["content-type"] == "application/json")
            #expect(
                answer.text == #"{"errorCode":"ERR_STATE_STORE_NOT_FOUND","message":"state store nope is not found","#
                    + #""details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","#
                    + #""metadata":{"appID":"cart"},"reason":"DAPR_STATE_NOT_FOUND"}]}"#)
        }
    }

    @Test(arguments: calls)
    func `without any store every state call is 500`(method: String, path: String, body: String?) async throws {
        try await APIServer.run(hasStores: false) { server async throws in
            let answer = try await server.client.send(method, path, body: body)
            #expect(answer.status == 500)
            #expect(
                answer.text == #"{"errorCode":"ERR_STATE_STORE_NOT_CONFIGURED","message":"state store nope is not "#
                    + #"configured","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","#
                    + #""metadata":{"appID":"cart"},"reason":"DAPR_STATE_NOT_CONFIGURED"}]}"#)
        }
    }

    @Test(arguments: [
        ("GET", "/v1.0/state/statestore/a%7C%7Cb", nil), ("DELETE", "/v1.0/state/statestore/a||b", nil),
        ("POST", "/v1.0/state/statestore", #"[{"key":"a||b","value":1}]"#),
        ("POST", "/v1.0/state/statestore/bulk", #"{"keys":["c","a||b"]}"#),
        (
            "POST", "/v1.0/state/statestore/transaction",
            #"{"operations":[{"operation":"upsert","request":{"key":"a||b"}}]}"#
        ),
        (
            "POST", "/v1.0/state/statestore/transaction",
            #"{"operations":[{"operation":"delete","request":{"key":"a||b"}}]}"#
        ),
    ])
    func `a key with bars is 400 with what is wrong with it`(method: String, path: String, body: String?) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send(method, path, body: body)
            #expect(answer.status == 400)
            #expect(
                answer.text
                    == #"{"errorCode":"ERR_MALFORMED_REQUEST","#
                    + #""message":"input key/keyPrefix 'a||b' can't contain '||'","#
                    + #""details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","#
                    + #""field_violations":[{"field":"a||b","#
                    + #""description":"input key/keyPrefix 'a||b' can't contain '||'"}]},"#
                    + #"{"@type":"type.googleapis.com/google.rpc.ResourceInfo","description":"","owner":"","#
                    + #""resource_name":"statestore","resource_type":"state"},"#
                    + #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","metadata":null,"#
                    + #""reason":"DAPR_STATE_ILLEGAL_KEY"}]}"#)
        }
    }

    @Test func `a query is 500 with the store's name`() async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send("POST", "/v1.0-alpha1/state/statestore/query", body: "{}")
            #expect(answer.status == 500)
            #expect(
                answer.text
                    == #"{"errorCode":"ERR_STATE_STORE_NOT_SUPPORTED","#
                    + #""message":"state store does not support querying","#
                    + #""details":[{"@type":"type.googleapis.com/google.rpc.ResourceInfo","description":"","owner":"","#
                    + #""resource_name":"statestore","resource_type":"state"},"#
                    + #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","metadata":null,"#
                    + #""reason":"DAPR_STATE_QUERYING_NOT_SUPPORTED"}]}"#)
        }
    }

    @Test(arguments: [
        (StateError.Code.etagInvalid, 400, "invalid etag value: why"), (.tooLarge, 400, "store it in parts"),
        (.storageFull, 500, "free space"), (.readOnly, 500, "right to write"), (.corrupt, 500, "restore it"),
        (.overloaded, 503, "try again"), (.unavailable, 503, "try again"), (.failed, 500, "why"),
    ])
    func `each error of a store has a status and says what to do`(
        code: StateError.Code, status: Int, advice: String
    ) async throws {
        try await APIServer.run { server async throws in
            server.store.fail(with: StateError(code, "why"))
            let save = try await server.save(#"[{"key":"k","value":1}]"#)
            #expect(save.status == status && save.text.contains("ERR_STATE_SAVE") && save.text.contains(advice))
            let get = try await server.get("k")
            #expect(get.status == status)
            #expect(get.text.contains(#""ERR_STATE_GET","message":"fail to get k from state store statestore: "#))
            #expect(get.text.contains(advice))
            let delete = try await server.client.send("DELETE", "/v1.0/state/statestore/k")
            #expect(delete.status == status && delete.text.contains("ERR_STATE_DELETE"))
            let bulk = try await server.client.send("POST", "/v1.0/state/statestore/bulk", body: #"{"keys":["k"]}"#)
            #expect(bulk.status == status && bulk.text.contains("ERR_STATE_BULK_GET"))
            let transaction = try await server.client.send(
                "POST", "/v1.0/state/statestore/transaction",
                body: #"{"operations":[{"operation":"delete","request":{"key":"k"}}]}"#)
            #expect(transaction.status == 500)
            #expect(
                transaction.text.contains(
                    #""ERR_STATE_TRANSACTION","message":"error while executing state transaction: "#))
        }
    }
}
