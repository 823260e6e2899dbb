// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Subscriptions
import Testing
import WireYAML

@Suite struct SubscriptionDeclarationTests {
    // MARK: - Documents

    @Test func `a document of the second version is read whole`() throws {
        let read = try document(
            """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: {name: orders}
            spec:
              pubsubname: pubsub
              topic: orders/new
              routes:
                rules:
                - {match: event.type == "a", path: /a}
                - {path: b}
                default: /other
              metadata: {rawPayload: true, startFrom: latest, concurrency: 8, maxAttempts: "3", retryDelay: 1s,
                deliveryTimeout: 2s, x: y}
              deadLetterTopic: dead
              bulkSubscribe: {enabled: true, maxMessagesCount: 7, maxAwaitDurationMs: 20}
            scopes: [cart, mailer]
            """)
        #expect(read.problems.isEmpty && read.warnings.isEmpty)
        let declaration = try #require(read.declarations.first)
        #expect(declaration.pubsub == "pubsub" && declaration.topic == "orders/new")
        #expect(declaration.rules.map(\.match) == [#"event.type == "a""#, ""])
        #expect(declaration.rules.map(\.path) == ["/a", "/b"])
        #expect(declaration.defaultPath == "/other" && declaration.deadLetterTopic == "dead")
        #expect(declaration.metadata.first == MessageHeader("rawPayload", "true"))
        #expect(declaration.metadata.count == 7 && declaration.origin == .declarative)
        #expect(declaration.isMeant(for: "cart") && !declaration.isMeant(for: "shop"))
        #expect(declaration.options.deliveryTimeout == .seconds(2))
        let request = declaration.request(group: "cart")
        #expect(request.topic == "orders/new" && request.group == "cart" && request.start == .latest)
        #expect(request.concurrency == 8 && request.deadLetterTopic == "dead" && request.retry.attemptsMax == 3)
        #expect(request.retry.first == .seconds(1) && request.retry.longest == .seconds(30))
        #expect(request.batchMessagesMax == 7 && request.batchWait == .milliseconds(20))
    }

    @Test func `a document of the first version has one route, and the rest by default`() throws {
        let read = try document(
            "apiVersion: dapr.io/v1alpha1\nspec: {pubsubname: p, topic: t, route: in, bulkSubscribe: {enabled: false}}"
        )
        let declaration = try #require(read.declarations.first)
        #expect(declaration.defaultPath == "/in" && declaration.rules.isEmpty && declaration.bulk == nil)
        #expect(declaration.isMeant(for: "anybody"))
        let request = declaration.request(group: "g")
        var expected = BrokerSubscriptionRequest(topic: "t", group: "g")
        expected.start = .oldest
        #expect(request == expected)
    }

    @Test func `bulk without numbers takes a hundred messages and waits a second`() throws {
        let read = try document("spec: {pubsubname: p, topic: t, route: /r, bulkSubscribe: {enabled: true}}")
        let request = try #require(read.declarations.first).request(group: "g")
        #expect(request.batchMessagesMax == 100 && request.batchWait == .seconds(1))
    }

    @Test func `a longest delay below the first one gives way to it`() throws {
        let read = try document("spec: {pubsubname: p, topic: t, route: /r, metadata: {retryDelay: 1m}}")
        #expect(read.declarations.first?.options.retry.longest == .seconds(60))
    }

    @Test(arguments: [
        (
            "apiVersion: dapr.io/v3\nspec: {pubsubname: p, topic: t, route: /r}",
            ["s.yaml:1: apiVersion: found \"dapr.io/v3\", expected dapr.io/v1alpha1 or dapr.io/v2alpha1"]
        ),
        ("kind: Subscription", ["s.yaml:1: spec: found nothing, expected a value"]),
        ("spec: []", ["s.yaml:1: spec: found a list, expected a table"]),
        (
            "spec: {route: /r}",
            [
                "s.yaml:1: spec.pubsubname: found nothing, expected a value",
                "s.yaml:1: spec.topic: found nothing, expected a value",
            ]
        ),
        ("spec: {pubsubname: p, topic: t}", ["s.yaml:1: spec.route: found nothing, expected a value"]),
        ("spec: {pubsubname: p, topic: [], route: /r}", ["s.yaml:1: spec.topic: found a list, expected text"]),
        (
            "spec: {pubsubname: p, topic: t, route: a b}",
            ["s.yaml:1: spec.route: found \"a b\", expected a path without spaces, percent-encoded"]
        ),
        (
            "spec:\n  pubsubname: p\n  topic: t\n  routes:\n    rules:\n    - path: /a\n"
                + "    - match: event.type = 1\n      path: /b",
            ["s.yaml:7: spec.routes.rules[1].match: not a CEL expression: 1:12: found '=', expected '=='"]
        ),
        (
            "spec: {pubsubname: p, topic: t, routes: {rules: [{match: 'evnt.a'}, 5], default: /d}}",
            [
                "s.yaml:1: spec.routes.rules[0].path: found nothing, expected a value",
                "s.yaml:1: spec.routes.rules[1]: found \"5\", expected a table",
            ]
        ),
        (
            "spec: {pubsubname: p, topic: t, routes: {rules: {}}}",
            ["s.yaml:1: spec.routes.rules: found a table, expected a list"]
        ),
        (
            "spec: {pubsubname: p, topic: t, route: /r, deadLetterTopic: t}",
            ["s.yaml:1: spec.deadLetterTopic: found \"t\", expected another topic than its own"]
        ),
        (
            "spec:\n  {pubsubname: p, topic: t, route: /r,"
                + " metadata: {rawPayload: maybe, startFrom: 3, concurrency: 0, maxAttempts: x,\n"
                + "   retryDelay: 0s, retryDelayMax: soon, deliveryTimeout: 2h, other: [1]}}",
            [
                "s.yaml:2: spec.metadata.rawPayload: found \"maybe\", expected true or false",
                "s.yaml:2: spec.metadata.startFrom: found \"3\", expected oldest or latest",
                "s.yaml:2: spec.metadata.concurrency: found \"0\", expected a whole number from 1 to 1000",
                "s.yaml:2: spec.metadata.maxAttempts: found \"x\", expected a whole number from 1 to 1000000",
                "s.yaml:3: spec.metadata.retryDelay: found \"0s\", expected a duration, such as 200ms",
                "s.yaml:3: spec.metadata.retryDelayMax: found \"soon\", expected a duration, such as 30s",
                "s.yaml:3: spec.metadata.deliveryTimeout: found \"2h\", expected a duration from 1ms to 1h",
                "s.yaml:3: spec.metadata.other: found a list, expected text",
            ]
        ),
        (
            "spec: {pubsubname: p, topic: t, route: /r, metadata: x}",
            ["s.yaml:1: spec.metadata: found \"x\", expected a table"]
        ),
        (
            "spec: {pubsubname: p, topic: t, route: /r,"
                + " bulkSubscribe: {enabled: 2, maxMessagesCount: -1, maxAwaitDurationMs: 1h}}",
            [
                "s.yaml:1: spec.bulkSubscribe.enabled: found \"2\", expected true or false",
                "s.yaml:1: spec.bulkSubscribe.maxMessagesCount: found \"-1\", expected a whole number from 0 to 10000",
                "s.yaml:1: spec.bulkSubscribe.maxAwaitDurationMs: found \"1h\", "
                    + "expected a whole number from 0 to 60000",
            ]
        ),
        (
            "spec: {pubsubname: p, topic: t, route: /r}\nscopes: [{}]",
            ["s.yaml:2: scopes: found a table, expected the id of an app"]
        ),
        ("spec: {pubsubname: p, topic: t, route: /r}\nscopes: a", ["s.yaml:2: scopes: found \"a\", expected a list"]),
    ])
    func `everything that is wrong is said with its place`(_ row: (yaml: String, problems: [String])) throws {
        let read = try document(row.yaml)
        #expect(Set(read.problems.map(\.description)) == Set(row.problems))
        #expect(read.declarations.isEmpty)
    }

    @Test func `an unknown key is a warning`() throws {
        let read = try document("spec: {pubsubname: p, topic: t, route: /r, deadLeterTopic: d}")
        #expect(read.declarations.count == 1)
        #expect(
            read.warnings.map(\.description) == [
                "s.yaml:1: spec.deadLeterTopic: found an unknown key; it is left out, expected deadLetterTopic, perhaps"
            ])
    }

    // MARK: - The app's answer

    @Test func `an app's answer is read, whatever the case of its names`() {
        let read = answer(
            """
            [{"pubsubName": "p", "topic": "t1", "route": "r1", "metadata": {"rawPayload": "true", "n": 5, "z": null}},
             {"pubsubname": "p", "topic": "t2", "routes": {"rules": [{"match": "event.type == 'x'", "path": "/x"}],
              "default": "/d"}, "deadLetterTopic": "dl", "bulkSubscribe": {"enabled": true, "maxMessagesCount": 0}}]
            """)
        #expect(read.problems.isEmpty && read.warnings.isEmpty)
        #expect(read.declarations.map(\.topic) == ["t1", "t2"])
        #expect(read.declarations.allSatisfy { $0.origin == .programmatic })
        #expect(read.declarations[0].options.isRaw && read.declarations[0].metadata.last == MessageHeader("z", ""))
        #expect(read.declarations[1].rules.map(\.path) == ["/x"] && read.declarations[1].defaultPath == "/d")
        #expect(read.declarations[1].bulk?.messagesMax == 100)
        #expect(read.declarations[1].location == .file("GET /dapr/subscribe", line: 2, column: 2))
    }

    @Test(arguments: ["[]", "null", " [ ] "])
    func `an answer may hold nothing`(json: String) {
        let read = answer(json)
        #expect(read.declarations.isEmpty && read.problems.isEmpty)
    }

    @Test func `a wrong entry is left out and said, and the others stay`() {
        let read = answer(
            """
            [{"pubsubname": "p", "topic": "t1"},
             {"pubsubname": "p", "topic": "t2", "route": "/r"},
             7,
             {"pubsubname": "p", "topic": "t3", "routes": {"rules": [{"match": "foo(1)", "path": "/x"}]}}]
            """)
        #expect(read.declarations.map(\.topic) == ["t2"])
        #expect(
            read.problems.map(\.description) == [
                "GET /dapr/subscribe:1: [0].route: found nothing, expected a value",
                "GET /dapr/subscribe:3: [2]: found \"7\", expected a table",
                "GET /dapr/subscribe:4: [3].routes.rules[0].match: not a CEL expression: "
                    + "1:1: there is no function 'foo'",
            ])
    }

    @Test(arguments: [
        ("", "found what isn't JSON: unexpected end of JSON at line 1, column 1, expected a list"),
        ("<html>", "found what isn't JSON: found '<', expected a value at line 1, column 1, expected a list"),
        ("{}", "found a table, expected a list"), (#""x""#, #"found "x", expected a list"#),
        (
            String(repeating: "[", count: 40),
            "found what isn't JSON: values are nested deeper than 32 at line 1, column 33, expected a list"
        ),
    ])
    func `an answer that is no list is refused`(_ row: (json: String, message: String)) {
        let read = answer(row.json)
        #expect(read.declarations.isEmpty)
        #expect(read.problems.map(\.message) == [row.message])
    }

    private func document(_ yaml: String) throws -> SubscriptionsRead {
        let node = try #require(try YAML.documents(in: yaml.utf8, file: "s.yaml").first)
        return SubscriptionDeclaration.read(document: node)
    }

    private func answer(_ json: String) -> SubscriptionsRead {
        Array(json.utf8).withUnsafeBytes { SubscriptionDeclaration.read(answer: $0) }
    }
}
