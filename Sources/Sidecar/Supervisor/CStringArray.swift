// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An array of C strings that ends with a null pointer, in memory that must be given back.
struct CStringArray {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let owned: [UnsafeMutablePointer<CChar>?]

    /// Copies of the strings, after pointers that belong to somebody else.
    init(_ strings: [String], after borrowed: [UnsafeMutablePointer<CChar>?] = []) {
        owned = strings.map { strdup($0) }
        let all = borrowed + owned + [nil]
        pointers = .allocate(capacity: all.count)
        for (index, pointer) in all.enumerated() { (pointers + index).initialize(to: pointer) }
    }

    func free() {
        for pointer in owned { Glibc.free(pointer) }
        pointers.deallocate()
    }
}
