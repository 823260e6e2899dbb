// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

@Suite struct AccessLogFormatTests {
    @Test func `a line is read into its parts`() {
        let format = AccessLogFormat(text: #"%{client} "%{method} %{request.User-Agent}" 100%%"#)
        #expect(
            format?.pieces(requestHeaders: ["x"], responseHeaders: []) == [
                .field(.client), .literal(Array(#" ""#.utf8)), .field(.method), .literal(Array(" ".utf8)),
                .field(.requestHeader("user-agent")), .literal(Array(#"" 100%"#.utf8)), .literal(Array("\n".utf8)),
            ])
    }

    @Test(arguments: [
        "", "%", "%{", "%{status", "%{}", "%{nothing}", "%{request.}", "%{request.a b}", "%status", "a\nb", "a\r",
        "%{status}%",
    ])
    func `what isn't known is refused`(text: String) { #expect(AccessLogFormat(text: text) == nil) }

    @Test func `every name is known, and JSON has them with underscores`() {
        for name in AccessLogField.names where !name.hasSuffix("HEADER") {
            let field = AccessLogField(name: name)
            #expect(field != nil, "\(name)")
            #expect(field?.jsonName == String(name.map { $0 == "-" ? "_" : $0 }))
        }
        #expect(AccessLogField(name: "response.X-A")?.jsonName == "response.x-a")
        #expect(AccessLogFormat(text: "json") == .json)
    }
}
