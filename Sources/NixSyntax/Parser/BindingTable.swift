import ByteCounting

/// The bindings of every attribute set and `let` while they are parsed.
///
/// A binding group may grow after its closing brace, because `a = { b = 1; }; a.c = 2;` adds to the finished set. The
/// tree's tables are therefore only laid out at the end.
struct BindingTable {
    /// Marks the end of a linked list of entries.
    static let none = UInt32.max

    struct Group {
        var firstEntry = BindingTable.none
        var lastEntry = BindingTable.none
        var entryCount: UInt32 = 0
        /// Depth of the deepest child.
        var depth: UInt32 = 0
        /// Index in `groupExtras` plus one; 0 if the group has none.
        fileprivate var extrasSlot: UInt32 = 0
    }

    /// Bindings that few groups have: dynamic attributes and `inherit`s.
    struct Extras {
        fileprivate var firstDynamic = BindingTable.none
        fileprivate var lastDynamic = BindingTable.none
        var dynamicCount: UInt32 = 0
        fileprivate var firstSource = BindingTable.none
        fileprivate var lastSource = BindingTable.none
        var sourceCount: UInt32 = 0
        fileprivate var emptyInherits: UInt32 = 0
    }

    private struct Entry {
        var group: BindingsID
        var next: UInt32
        var attribute: Attribute
    }

    private struct DynamicEntry {
        var next: UInt32
        var attribute: DynamicAttribute
    }

    private struct Source {
        var next: UInt32
        var node: NodeID
    }

    private(set) var groups: [Group] = []
    private var groupExtras: [Extras] = []
    private var entries: [Entry] = []
    private var dynamicEntries: [DynamicEntry] = []
    private var sources: [Source] = []
    /// An open-addressed hash table of the entries of large groups, keyed by group and symbol. A slot holds an index in
    /// `entries` plus one; 0 is a free slot.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var usedSlots = 0
    private let seed = NameHash.seed

    /// - Parameter sourceSize: bytes of the source. Nix code has about one binding in 64 bytes, one group in 128.
    init(sourceSize: Int) {
        entries.reserveCapacity(min(sourceSize / 64 + 8, 1 << 16))
        groups.reserveCapacity(min(sourceSize / 128 + 8, 1 << 15))
    }

    /// Bytes that the tables take while `more` entries are added to each, see `Array.byteCount(adding:)`.
    func byteCount(adding more: Int) -> Int {
        let isFull = (usedSlots &+ more) &* 2 > slots.count
        return groups.byteCount(adding: more) &+ groupExtras.byteCount(adding: more) &+ entries.byteCount(adding: more)
            &+ dynamicEntries.byteCount(adding: more) &+ sources.byteCount(adding: more)
            &+ slots.byteCount(adding: isFull ? slots.count : 0)
    }

    /// Bytes of the tables that `layOut` creates.
    var laidOutByteCount: Int {
        groups.count &* MemoryLayout<Bindings>.stride &+ entries.count &* MemoryLayout<Attribute>.stride
            &+ dynamicEntries.count &* MemoryLayout<DynamicAttribute>.stride &+ sources.count
            &* MemoryLayout<NodeID>.stride
    }

    /// The number of attributes with a static name.
    func attributeCount(of group: BindingsID) -> Int { Int(groups[Int(group.rawValue)].entryCount) }

    mutating func makeGroup() -> BindingsID {
        groups.append(Group())
        return BindingsID(UInt32(truncatingIfNeeded: groups.count &- 1))
    }

    /// Frees the hash table. No entry can be added afterwards.
    mutating func releaseIndex() { slots = [] }

    func extras(of group: BindingsID) -> Extras {
        let index = groups[Int(group.rawValue)].extrasSlot
        return index == 0 ? Extras() : groupExtras[Int(index) &- 1]
    }

    /// The index of a group's extras, which are created if it has none.
    private mutating func extrasIndex(_ group: BindingsID) -> Int {
        let known = groups[Int(group.rawValue)].extrasSlot
        if known > 0 { return Int(known) &- 1 }
        groupExtras.append(Extras())
        groups[Int(group.rawValue)].extrasSlot = UInt32(truncatingIfNeeded: groupExtras.count)
        return groupExtras.count &- 1
    }

    /// The index of the entry for `name` in `group`; nil if there is none.
    func find(_ name: SymbolID, in group: BindingsID) -> UInt32? {
        let record = groups[Int(group.rawValue)]
        guard record.entryCount <= Self.smallGroup else {
            let slot = slot(name, group)
            return slots[slot] == 0 ? nil : slots[slot] &- 1
        }
        var index = record.firstEntry
        while index != Self.none {
            if entries[Int(index)].attribute.name == name { return index }
            index = entries[Int(index)].next
        }
        return nil
    }

    func attribute(_ entry: UInt32) -> Attribute { entries[Int(entry)].attribute }

    /// Adds an attribute.
    ///
    /// - Returns: nil, or the index of the group's existing entry for the name, in which case nothing is added.
    mutating func insert(_ attribute: Attribute, into group: BindingsID) -> UInt32? {
        if let known = find(attribute.name, in: group) { return known }
        let index = UInt32(truncatingIfNeeded: entries.count)
        entries.append(Entry(group: group, next: Self.none, attribute: attribute))
        var record = groups[Int(group.rawValue)]
        if record.lastEntry == Self.none {
            record.firstEntry = index
        } else {
            entries[Int(record.lastEntry)].next = index
        }
        record.lastEntry = index
        record.entryCount &+= 1
        groups[Int(group.rawValue)] = record
        if record.entryCount > Self.smallGroup { addSlots(record) }
        return nil
    }

    /// Groups of at most this many entries are searched linearly; most groups are no larger.
    private static let smallGroup: UInt32 = 8

    /// Adds the last entry of a large group to the hash table, or all its entries when it has just become large.
    private mutating func addSlots(_ group: Group) {
        var index = group.entryCount == Self.smallGroup &+ 1 ? group.firstEntry : group.lastEntry
        while index != Self.none {
            let entry = entries[Int(index)]
            slots[slot(entry.attribute.name, entry.group)] = index &+ 1
            usedSlots &+= 1
            if usedSlots &* 2 > slots.count { grow() }
            index = entry.next
        }
    }

    mutating func append(_ attribute: DynamicAttribute, to group: BindingsID) {
        let index = UInt32(truncatingIfNeeded: dynamicEntries.count)
        dynamicEntries.append(DynamicEntry(next: Self.none, attribute: attribute))
        let owner = extrasIndex(group)
        let last = groupExtras[owner].lastDynamic
        if last == Self.none {
            groupExtras[owner].firstDynamic = index
        } else {
            dynamicEntries[Int(last)].next = index
        }
        groupExtras[owner].lastDynamic = index
        groupExtras[owner].dynamicCount &+= 1
    }

    /// Adds the expression `e` of an `inherit (e)` and returns its index among the sources of the group.
    mutating func append(source: NodeID, to group: BindingsID) -> UInt32 {
        let index = UInt32(truncatingIfNeeded: sources.count)
        sources.append(Source(next: Self.none, node: source))
        let owner = extrasIndex(group)
        let last = groupExtras[owner].lastSource
        if last == Self.none {
            groupExtras[owner].firstSource = index
        } else {
            sources[Int(last)].next = index
        }
        groupExtras[owner].lastSource = index
        groupExtras[owner].sourceCount &+= 1
        return groupExtras[owner].sourceCount &- 1
    }

    mutating func countEmptyInherit(in group: BindingsID) { groupExtras[extrasIndex(group)].emptyInherits &+= 1 }

    func depth(of group: BindingsID) -> Int { Int(groups[Int(group.rawValue)].depth) }

    mutating func deepen(_ group: BindingsID, to depth: Int) {
        let depth = UInt32(truncatingIfNeeded: depth)
        if depth > groups[Int(group.rawValue)].depth { groups[Int(group.rawValue)].depth = depth }
    }

    @inline(__always)
    private func slot(_ name: SymbolID, _ group: BindingsID) -> Int {
        let key = UInt64(group.rawValue) &<< 32 | UInt64(name.rawValue)
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: NameHash.mix(key, seed)) & mask
        while slots[slot] != 0 {
            let entry = Int(slots[slot] &- 1)
            if entries[entry].attribute.name == name && entries[entry].group == group { break }
            slot = (slot &+ 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt32](repeating: 0, count: old.count &* 2)
        for index in old where index != 0 {
            let entry = entries[Int(index &- 1)]
            slots[slot(entry.attribute.name, entry.group)] = index
        }
    }
}

extension BindingTable {
    func attributes(of group: BindingsID) -> [Attribute] {
        var result: [Attribute] = []
        result.reserveCapacity(attributeCount(of: group))
        var index = groups[Int(group.rawValue)].firstEntry
        while index != Self.none {
            result.append(entries[Int(index)].attribute)
            index = entries[Int(index)].next
        }
        return result
    }

    /// Moves the dynamic attributes and inherit sources of `source` behind those of `target` and empties `source`. The
    /// caller has already moved the static attributes.
    mutating func moveRest(of source: BindingsID, to target: BindingsID) {
        let rest = extras(of: source)
        var index = rest.firstDynamic
        while index != Self.none {
            append(dynamicEntries[Int(index)].attribute, to: target)
            index = dynamicEntries[Int(index)].next
        }
        index = rest.firstSource
        while index != Self.none {
            _ = append(source: sources[Int(index)].node, to: target)
            index = sources[Int(index)].next
        }
        deepen(target, to: depth(of: source))
        if rest.emptyInherits > 0 { groupExtras[extrasIndex(target)].emptyInherits &+= rest.emptyInherits }
        groups[Int(source.rawValue)] = Group()
    }

    /// Writes the groups to the tables of the tree.
    func layOut(
        bindings: inout [Bindings], attributes: inout [Attribute], dynamicAttributes: inout [DynamicAttribute],
        children: inout [NodeID]
    ) {
        bindings.reserveCapacity(groups.count)
        attributes.reserveCapacity(groups.reduce(0) { $0 &+ Int($1.entryCount) })
        dynamicAttributes.reserveCapacity(dynamicEntries.count)
        for group in groups {
            let attributeRun = Run(start: UInt32(truncatingIfNeeded: attributes.count), count: group.entryCount)
            var index = group.firstEntry
            while index != Self.none {
                attributes.append(entries[Int(index)].attribute)
                index = entries[Int(index)].next
            }
            var laidOut = Bindings(
                attributes: attributeRun, dynamicAttributes: .empty, inheritSources: .empty, emptyInherits: 0)
            if group.extrasSlot > 0 {
                layOut(groupExtras[Int(group.extrasSlot) &- 1], &laidOut, &dynamicAttributes, &children)
            }
            bindings.append(laidOut)
        }
    }

    private func layOut(
        _ extras: Extras, _ bindings: inout Bindings, _ dynamicAttributes: inout [DynamicAttribute],
        _ children: inout [NodeID]
    ) {
        bindings.dynamicAttributes = Run(
            start: UInt32(truncatingIfNeeded: dynamicAttributes.count), count: extras.dynamicCount)
        var index = extras.firstDynamic
        while index != Self.none {
            dynamicAttributes.append(dynamicEntries[Int(index)].attribute)
            index = dynamicEntries[Int(index)].next
        }
        bindings.inheritSources = Run(start: UInt32(truncatingIfNeeded: children.count), count: extras.sourceCount)
        index = extras.firstSource
        while index != Self.none {
            children.append(sources[Int(index)].node)
            index = sources[Int(index)].next
        }
        bindings.emptyInherits = extras.emptyInherits
    }
}
