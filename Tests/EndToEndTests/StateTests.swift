// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Testing

extension EndToEnd {
    @Suite struct State {
        @Test func `a value comes back as the bytes that were saved, with an ETag`() throws {
            let sidecar = try Sidecar.alone()
            let value = #"{"z": 12345678901234567890, "a": [1,  2], "text": "é\u00e9"}"#
            #expect(try sidecar.save("k", value).status == 204)
            let answer = try sidecar.load("k")
            #expect(answer.status == 200)
            #expect(answer.body == value)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.headers["etag"]?.isEmpty == false)
        }

        @Test func `a missing key is 204, and so is deleting it`() throws {
            let sidecar = try Sidecar.alone()
            #expect(try sidecar.load("nothing").status == 204)
            #expect(try sidecar.api.send("DELETE", "/v1.0/state/statestore/nothing").status == 204)
        }

        @Test func `a stale ETag is refused and the value stays`() throws {
            let sidecar = try Sidecar.alone()
            _ = try sidecar.save("k", "1")
            let etag = try #require(try sidecar.load("k").headers["etag"])
            _ = try sidecar.save("k", "2")
            let stale = try sidecar.api.post(
                "/v1.0/state/statestore", #"[{"key":"k","value":3,"etag":"\#(etag)"}]"#)
            #expect(stale.status == 409)
            #expect(stale.errorCode == "ERR_STATE_SAVE")
            #expect(try sidecar.load("k").body == "2")
        }

        @Test func `state survives an orderly end and a crash`() throws {
            let first = try Sidecar.alone()
            _ = try first.save("k", #""before the stop""#)
            try first.stop()
            let second = try Sidecar.alone(on: first.folder)
            #expect(try second.load("k").body == #""before the stop""#)
            _ = try second.save("k", #""before the crash""#)
            try second.crash()
            let third = try Sidecar.alone(on: first.folder)
            #expect(try third.load("k").body == #""before the crash""#)
        }

        @Test func `a transaction is applied whole, in its order`() throws {
            let sidecar = try Sidecar.alone()
            _ = try sidecar.save("gone", "1")
            let answer = try sidecar.api.post(
                "/v1.0/state/statestore/transaction",
                #"""
                {"operations": [
                    {"operation": "upsert", "request": {"key": "a", "value": 1}},
                    {"operation": "upsert", "request": {"key": "a", "value": 2}},
                    {"operation": "delete", "request": {"key": "gone"}}
                ]}
                """#)
            #expect(answer.status == 204)
            #expect(try sidecar.load("a").body == "2")
            #expect(try sidecar.load("gone").status == 204)
        }

        @Test func `a transaction with a stale ETag changes nothing`() throws {
            let sidecar = try Sidecar.alone()
            _ = try sidecar.save("b", "1")
            let answer = try sidecar.api.post(
                "/v1.0/state/statestore/transaction",
                #"""
                {"operations": [
                    {"operation": "upsert", "request": {"key": "a", "value": 1}},
                    {"operation": "upsert", "request": {"key": "b", "value": 2, "etag": "not-its-etag"}}
                ]}
                """#)
            #expect(answer.status == 500)
            #expect(answer.errorCode == "ERR_STATE_TRANSACTION")
            #expect(try sidecar.load("a").status == 204)
            #expect(try sidecar.load("b").body == "1")
        }

        @Test func `a bulk read keeps the order of the keys and names the missing`() throws {
            let sidecar = try Sidecar.alone()
            _ = try sidecar.save("a", "1")
            _ = try sidecar.save("b", "2")
            let answer = try sidecar.api.post("/v1.0/state/statestore/bulk", #"{"keys": ["b", "none", "a"]}"#)
            let items = try #require(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [[String: Any]])
            #expect(items.map { $0["key"] as? String } == ["b", "none", "a"])
            #expect(items.map { $0["data"] as? Int } == [2, nil, 1])
        }

        @Test func `an expired value is gone`() throws {
            let sidecar = try Sidecar.alone()
            let saved = try sidecar.api.post(
                "/v1.0/state/statestore", #"[{"key":"k","value":1,"metadata":{"ttlInSeconds":"1"}}]"#)
            #expect(saved.status == 204)
            #expect(try sidecar.load("k").headers["metadata.ttlexpiretime"] != nil)
            try sidecar.waitUntil("it is gone") { try sidecar.load("k").status == 204 }
        }

        @Test(arguments: [
            (#"[{"key":"k","value":"#, "ERR_MALFORMED_REQUEST"), (#"{}"#, "ERR_MALFORMED_REQUEST"),
            (#"[{"value":1}]"#, "ERR_MALFORMED_REQUEST"), (#"[{"key":"a||b","value":1}]"#, "ERR_MALFORMED_REQUEST"),
            (#"[{"key":"k","value":1,"etag":1}]"#, "ERR_MALFORMED_REQUEST"), ("", "ERR_MALFORMED_REQUEST"),
        ])
        func `a malformed save is refused and saves nothing`(body: String, code: String) throws {
            let sidecar = try Sidecar.alone()
            let answer = try sidecar.api.post("/v1.0/state/statestore", body)
            #expect(answer.status == 400)
            #expect(answer.errorCode == code)
            #expect(try sidecar.load("k").status == 204)
        }

        @Test func `an unknown store and a bad TTL are refused`() throws {
            let sidecar = try Sidecar.alone()
            let unknown = try sidecar.api.get("/v1.0/state/no-such-store/k")
            #expect(unknown.status == 400)
            #expect(unknown.errorCode == "ERR_STATE_STORE_NOT_FOUND")
            let bad = try sidecar.api.post(
                "/v1.0/state/statestore", #"[{"key":"k","value":1,"metadata":{"ttlInSeconds":"soon"}}]"#)
            #expect(bad.status >= 400)
            #expect(try sidecar.load("k").status == 204)
        }

        @Test func `a body of 3 MiB is taken and one over the limit refused`() throws {
            let sidecar = try Sidecar.alone()
            let large = "\"" + String(repeating: "x", count: 3 << 20) + "\""
            #expect(try sidecar.save("large", large).status == 204)
            #expect(try sidecar.load("large").body == large)
            let tooLarge = try sidecar.save("k", "\"" + String(repeating: "x", count: 4 << 20) + "\"")
            #expect(tooLarge.status == 400)
            #expect(tooLarge.errorCode == "ERR_BODY_READ")
            #expect(try sidecar.load("k").status == 204)
        }

        @Test func `with an API token only who sends it is served, and health for everybody`() throws {
            let sidecar = try Sidecar.alone(environment: ["DAPR_API_TOKEN": "secret"])
            #expect(try sidecar.load("k").status == 401)
            let path = "/v1.0/state/statestore/k"
            #expect(try sidecar.api.get(path, headers: ["dapr-api-token": "wrong"]).status == 401)
            #expect(try sidecar.api.get(path, headers: ["dapr-api-token": "secret"]).status == 204)
            try sidecar.waitUntilReady()
            #expect(!sidecar.process.output.contains("secret"))
        }

        @Test func `two sidecars that count at once on one file lose no update`() throws {
            let first = try Sidecar.alone()
            let second = try Sidecar.alone(on: first.folder)
            let (writers, turns) = (8, 10)
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: writers) { writer in
                let sidecar = writer.isMultiple(of: 2) ? first : second
                do {
                    for _ in 0..<turns { try increment("count", through: sidecar) }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            #expect(try first.load("count").body == "\(writers * turns)")
        }

        @Test func `two sidecars of one app share its state, other apps and namespaces don't`() throws {
            let first = try Sidecar.alone(appID: "cart")
            #expect(try first.save("k", "1").status == 204)
            let twin = try Sidecar.alone(appID: "cart", on: first.folder)
            let otherApp = try Sidecar.alone(appID: "basket", on: first.folder)
            let elsewhere = try Sidecar.alone(appID: "cart", on: first.folder, environment: ["NAMESPACE": "other"])
            #expect(try twin.load("k").body == "1")
            #expect(try otherApp.load("k").status == 204)
            #expect(try elsewhere.load("k").status == 204)
        }
    }
}

/// Adds one to the number under `key`, as an app does it: reads, saves with the ETag, tries again when it was too late.
private func increment(_ key: String, through sidecar: Sidecar) throws {
    let triesMax = 1000
    for _ in 0..<triesMax {
        let read = try sidecar.load(key)
        let etag = read.headers["etag"].map { #","etag":"\#($0)""# } ?? ""
        let value = (Int(read.body) ?? 0) + 1
        let write = #"[{"key":"\#(key)","value":\#(value)\#(etag),"options":{"concurrency":"first-write"}}]"#
        let answer = try sidecar.api.post("/v1.0/state/statestore", write)
        if answer.status == 204 { return }
        guard answer.status == 409 else {
            throw NoAnswer(description: "saving answered \(answer.status): \(answer.body)")
        }
    }
    throw WaitedTooLong(description: "\(key) was never ours in \(triesMax) tries")
}
