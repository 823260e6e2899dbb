// SPDX-License-Identifier: Apache-2.0

import Proxying
import Testing

@Suite struct ServerURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("HTTP://localhost", "http://localhost:80"),
        ("https://example.com", "https://example.com:443"), ("https://[::1]/a/b?c", "https://[::1]:443/a/b?c"),
        ("https://h:8443?q", "https://h:8443?q"), ("http://h/%2e", "http://h:80/%2e"),
    ])
    func `a URL is an address with what is behind it`(text: String, meaning: String) throws {
        #expect(try ServerURL(text).description == meaning)
    }

    @Test(arguments: [
        ("localhost:80", "localhost:80 is no URL such as http://127.0.0.1:8080"),
        ("ftp://h", "ftp:// is no scheme that can be called"), ("http://", " is no address"),
        ("https://me:word@h", "me:word@h is no address"), ("http://h:0", "h:0 is no address"),
        ("http://h:x", "h:x is no address"), ("http://h/#a", "its path isn't one of a URL"),
        ("http://h/a b", "its path isn't one of a URL"), ("http://h/\r\nx: y", "its path isn't one of a URL"),
        ("http://h/ü", "its path isn't one of a URL"),
    ])
    func `anything else is refused with the reason`(text: String, reason: String) {
        let error = #expect(throws: ServerURL.Invalid.self) { try ServerURL(text) }
        #expect(error?.description == reason)
    }
}
