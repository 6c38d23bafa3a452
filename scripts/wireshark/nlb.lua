-- Shows nlb's cluster frames (ethertype 0x88B5) in Wireshark and tshark; core/wire/cluster_frames.hpp draws the layout.
-- It checks no tag and believes no field: a frame that the hosts would refuse is shown as far as it goes, with the reason why it is
-- malformed. Nothing is read before its whole record is known to be there, so that no frame can end in a Lua error.

local nlb = Proto("nlb", "nlb cluster frame")

local ETHERTYPE = 0x88b5
local MAGIC = 0x4e4c4248
local VERSION = 3
local HEARTBEAT, MAP, CONFIG, GRANTS = 1, 2, 3, 4
local HOSTS_MAX, SLOTS_MAX, REPORTS_MAX, MAP_SLOTS_MAX, BUCKETS, TEXT_BYTES_MAX, GRANTS_MAX = 32, 33, 40, 14, 60, 1200, 37
local REPORT_IDS = 32 -- what stands below a report's flags
local BUCKET_BITS = UInt64(0xffffffff, 0x0fffffff)

local TYPES = { [HEARTBEAT] = "heartbeat", [MAP] = "map", [CONFIG] = "configuration", [GRANTS] = "grants" }
local STATES = { [1] = "join", [2] = "member" }
local RULE_STATES = { [0] = "enabled", [1] = "disabled", [2] = "draining", [3] = "failed" }
local FLAGS = { "leaving", "goodbye", "deaf", "listened", "draining", "unready", "previous", "hears_clients" } -- from bit 0
local REPORT_FLAGS = { "buried", "silent", "candidate" }

-- Fields. A layout lists the fields of one record in their order on the wire: {field, bytes}.
local all_fields = {}

local function field(make, name, ...)
    local made = make("nlb." .. name, ...)
    all_fields[#all_fields + 1] = made
    return made
end

local function flag_fields(prefix, names, first_bit)
    local flags = {}
    for place, name in ipairs(names) do
        flags[place] = field(ProtoField.bool, prefix .. "." .. name, name, 8, nil, 2 ^ (first_bit + place - 1))
    end
    return flags
end

local f = {
    magic = field(ProtoField.string, "magic", "Magic"),
    version = field(ProtoField.uint8, "version", "Version"),
    newest = field(ProtoField.uint8, "newest", "Newest version that the sender can speak"),
    least = field(ProtoField.uint8, "least", "Least version that the sender can speak"),
    type = field(ProtoField.uint8, "type", "Frame type", base.DEC, TYPES),
    key_id = field(ProtoField.uint16, "key_id", "Key id", base.HEX),
    length = field(ProtoField.uint16, "length", "Bytes from the magic to the end"),
    zero = field(ProtoField.bytes, "zero", "Zero"),
    tag = field(ProtoField.bytes, "tag", "Tag (not verified: that takes the key)"),
    cluster = field(ProtoField.ipv4, "cluster", "Cluster (what follows 02:bf)"),
    host = field(ProtoField.uint8, "host", "Host id"),
    state = field(ProtoField.uint8, "state", "State", base.DEC, STATES),
    flags = field(ProtoField.uint8, "flags", "Flags", base.HEX),
    slots = field(ProtoField.uint8, "slots", "Rule slots"),
    boot = field(ProtoField.uint32, "boot", "Boot", base.HEX),
    term = field(ProtoField.uint32, "term", "Term"),
    sequence = field(ProtoField.uint64, "sequence", "Sequence"),
    epoch_counter = field(ProtoField.uint32, "epoch.counter", "Epoch counter"),
    epoch_boot = field(ProtoField.uint32, "epoch.boot", "Epoch boot", base.HEX),
    epoch_coordinator = field(ProtoField.uint8, "epoch.coordinator", "Epoch coordinator"),
    seal = field(ProtoField.uint24, "seal", "Seal (not verified: that takes the key)", base.HEX),
    view = field(ProtoField.uint32, "view", "View: members of my epoch", base.HEX),
    view_hosts = field(ProtoField.string, "view.hosts", "Hosts in view"),
    config_digest = field(ProtoField.uint64, "config_digest", "Configuration digest", base.HEX),
    generation = field(ProtoField.uint64, "generation", "Generation"),
    map_digest = field(ProtoField.uint64, "map_digest", "Map digest", base.HEX),
    staged_digest = field(ProtoField.uint64, "staged_digest", "Staged configuration's digest", base.HEX),
    reports = field(ProtoField.uint8, "reports", "Peer reports"),
    slot = field(ProtoField.uint8, "slot", "Slot"),
    own = field(ProtoField.uint64, "slot.own", "Own", base.HEX),
    own_count = field(ProtoField.uint8, "slot.own.count", "Buckets owned"),
    own_buckets = field(ProtoField.string, "slot.own.buckets", "Owned"),
    dirty = field(ProtoField.uint64, "slot.dirty", "Dirty", base.HEX),
    dirty_count = field(ProtoField.uint8, "slot.dirty.count", "Buckets dirty"),
    dirty_buckets = field(ProtoField.string, "slot.dirty.buckets", "Dirty"),
    offer = field(ProtoField.uint8, "slot.offer", "Offer"),
    rule_state = field(ProtoField.uint8, "slot.state", "Rule state", base.DEC, RULE_STATES, 0xf0),
    report_id = field(ProtoField.uint8, "report.host", "Host id"),
    report_flags = field(ProtoField.uint8, "report.flags", "Flags", base.HEX, nil, 0xe0),
    report_boot = field(ProtoField.uint32, "report.boot", "Boot heard", base.HEX),
    report_term = field(ProtoField.uint32, "report.term", "Term heard"),
    report_sequence = field(ProtoField.uint64, "report.sequence", "Highest sequence heard"),
    staged_slots = field(ProtoField.uint8, "staged_slots", "Staged configuration's rule slots"),
    staged_offer = field(ProtoField.uint8, "staged.offer", "Offer under the staged configuration"),
    inputs_digest = field(ProtoField.uint64, "inputs_digest", "Inputs digest", base.HEX),
    next_digest = field(ProtoField.uint64, "next_digest", "Next configuration's digest", base.HEX),
    text_digest = field(ProtoField.uint64, "text_digest", "Digest of the configuration", base.HEX),
    text = field(ProtoField.string, "text", "Lines"),
    part = field(ProtoField.uint8, "part", "Part"),
    parts = field(ProtoField.uint8, "parts", "Parts"),
    members = field(ProtoField.uint8, "members", "Members"),
    first_slot = field(ProtoField.uint8, "first_slot", "First slot"),
    map_slots = field(ProtoField.uint8, "map_slots", "Slots in this part"),
    member_id = field(ProtoField.uint8, "member.host", "Host id"),
    member_boot = field(ProtoField.uint32, "member.boot", "Boot", base.HEX),
    member_term = field(ProtoField.uint32, "member.term", "Term"),
    target_slot = field(ProtoField.uint8, "target.slot", "Slot"),
    target_owners = field(ProtoField.string, "target.owners", "Owners"),
    grants = field(ProtoField.uint8, "grants", "Grants"),
    grant_host = field(ProtoField.uint8, "grant.host", "To host"),
    grant_rule = field(ProtoField.uint8, "grant.rule", "Rule"),
    grant_bucket = field(ProtoField.uint8, "grant.bucket", "Bucket"),
    grant_boot = field(ProtoField.uint32, "grant.boot", "Its boot", base.HEX),
    grant_term = field(ProtoField.uint32, "grant.term", "Its term"),
    grant_sequence = field(ProtoField.uint64, "grant.sequence", "Highest sequence heard of it"),
    grant_client = field(ProtoField.uint64, "grant.client", "Client (a keyed hash)", base.HEX),
    grant_timeout = field(ProtoField.uint32, "grant.timeout", "Time-out in ms, from when that sequence was sent"),
    padding = field(ProtoField.bytes, "padding", "Padding"),
}
local flag_bits = flag_fields("flags", FLAGS, 0)
local report_flag_bits = flag_fields("report.flags", REPORT_FLAGS, 5)
nlb.fields = all_fields

local malformed = ProtoExpert.new("nlb.malformed", "Malformed cluster frame", expert.group.MALFORMED, expert.severity.ERROR)
nlb.experts = { malformed }

local HEADER = {
    { f.magic, 4 }, { f.version, 1 }, { f.type, 1 }, { f.key_id, 2 }, { f.length, 2 },
    { f.newest, 1 }, { f.least, 1 }, { f.tag, 16 },
    { f.cluster, 4 }, { f.host, 1 }, { f.state, 1 }, { f.flags, 1, flag_bits }, { f.slots, 1 }, { f.boot, 4 }, { f.term, 4 },
    { f.sequence, 8 }, { f.epoch_counter, 4 }, { f.epoch_boot, 4 }, { f.epoch_coordinator, 1 }, { f.seal, 3 },
}
local HEARTBEAT_HEAD = {
    { f.view, 4 }, { f.config_digest, 8 }, { f.generation, 8 }, { f.map_digest, 8 }, { f.staged_digest, 8 },
    { f.reports, 1 }, { f.staged_slots, 1 }, { f.zero, 2 },
}
local SLOT_OWN_BYTES = 8 -- buckets, and the rule's state above them
local SLOT_REST = { { f.dirty, 8 }, { f.offer, 1 } }
local REPORT = {
    { f.report_flags, 1, report_flag_bits }, { f.report_boot, 4 }, { f.report_term, 4 }, { f.report_sequence, 8 },
}
local MAP_HEAD = {
    { f.map_digest, 8 }, { f.inputs_digest, 8 }, { f.config_digest, 8 }, { f.generation, 8 }, { f.next_digest, 8 },
    { f.part, 1 }, { f.parts, 1 }, { f.members, 1 }, { f.first_slot, 1 }, { f.map_slots, 1 }, { f.zero, 3 },
}
local CONFIG_HEAD = { { f.text_digest, 8 }, { f.part, 1 }, { f.parts, 1 }, { f.zero, 2 } }
local GRANTS_HEAD = { { f.grants, 1 }, { f.zero, 3 } }
local GRANT = {
    { f.grant_host, 1 }, { f.grant_rule, 1 }, { f.grant_bucket, 1 }, { f.zero, 1 }, { f.grant_boot, 4 }, { f.grant_term, 4 },
    { f.grant_sequence, 8 }, { f.grant_client, 8 }, { f.grant_timeout, 4 },
}
local MEMBER = { { f.member_id, 1 }, { f.member_boot, 4 }, { f.member_term, 4 } }

local function bytes_of(layout)
    local bytes = 0
    for _, entry in ipairs(layout) do bytes = bytes + entry[2] end
    return bytes
end

-- A walk over one frame: where it stands, where the frame ends, and whether it is still whole.
local Walk = {}
Walk.__index = Walk

function Walk:complain(tree, sentence)
    tree:add_proto_expert_info(malformed, sentence)
    if not self.complaint then self.complaint = sentence end
end

-- The next so many bytes, or nil and a complaint when the frame ends before.
function Walk:take(tree, bytes, what)
    if self.at + bytes > self.finish then
        self:complain(tree, string.format("%s: %d bytes expected, %d left", what, bytes, self.finish - self.at))
        return nil
    end
    local range = self.tvb(self.at, bytes)
    self.at = self.at + bytes
    return range
end

-- Adds the fields of a record that is there as a whole.
local function add_fields(tree, range, layout)
    local at = 0
    for _, entry in ipairs(layout) do
        local item = tree:add(entry[1], range(at, entry[2]))
        for _, bit_field in ipairs(entry[3] or {}) do item:add(bit_field, range(at, entry[2])) end
        at = at + entry[2]
    end
end

local function bit_is_set(number, place)
    return math.floor(number / 2 ^ place) % 2 == 1
end

-- Consecutive numbers of an ascending list, as people write them: "0-19, 40".
local function ranges_of(numbers)
    local texts, first = {}, nil
    for place, number in ipairs(numbers) do
        first = first or number
        if numbers[place + 1] ~= number + 1 then
            texts[#texts + 1] = first == number and tostring(number) or first .. "-" .. number
            first = nil
        end
    end
    return #texts == 0 and "none" or table.concat(texts, ", ")
end

-- Places of the bits that are set in a big-endian word, from the lowest.
local function bits_of(range)
    local found, bytes = {}, range:len()
    for place = 0, 8 * bytes - 1 do
        local byte = range(bytes - 1 - math.floor(place / 8), 1):uint()
        if bit_is_set(byte, place % 8) then found[#found + 1] = place end
    end
    return found
end

local function is_host(id)
    return id >= 1 and id <= HOSTS_MAX
end

-- `beside`: what else stands above the buckets' bits.
local function show_buckets(walk, tree, range, count_field, text_field, beside)
    local buckets = bits_of(range)
    while beside and #buckets ~= 0 and buckets[#buckets] >= BUCKETS do table.remove(buckets) end
    tree:add(count_field, range, #buckets):set_generated()
    tree:add(text_field, range, ranges_of(buckets)):set_generated()
    if #buckets ~= 0 and buckets[#buckets] >= BUCKETS then walk:complain(tree, "a bucket above 59") end
    return #buckets
end

local function show_slot(walk, tree, number, slots)
    local range = walk:take(tree, SLOT_OWN_BYTES + bytes_of(SLOT_REST), "slot " .. number)
    if not range then return false end
    local branch = tree:add(nlb, range, number + 1 == slots and "Slot " .. number .. " (default rule)" or "Slot " .. number)
    branch:add(f.slot, range, number):set_generated()
    branch:add(f.own, range(0, 8), range(0, 8):uint64():band(BUCKET_BITS))
    add_fields(branch, range(SLOT_OWN_BYTES, bytes_of(SLOT_REST)), SLOT_REST)
    local own = show_buckets(walk, branch, range(0, 8), f.own_count, f.own_buckets, "the rule's state")
    local dirty = show_buckets(walk, branch, range(8, 8), f.dirty_count, f.dirty_buckets)
    branch:add(f.rule_state, range(0, 1))
    branch:append_text(string.format(": own %d, dirty %d, offer %d", own, dirty, range(16, 1):uint()))
    if not RULE_STATES[math.floor(range(0, 1):uint() / 16)] then walk:complain(branch, "an unknown rule state") end
    return true
end

local function show_report(walk, tree, number)
    local range = walk:take(tree, bytes_of(REPORT), "peer report " .. number)
    if not range then return false end
    local id = range(0, 1):uint() % REPORT_IDS + 1
    local branch = tree:add(nlb, range, "Peer report: host " .. id)
    branch:add(f.report_id, range(0, 1), id)
    add_fields(branch, range, REPORT)
    return true
end

local function show_heartbeat(walk, tree, slots)
    local head = walk:take(tree, bytes_of(HEARTBEAT_HEAD), "heartbeat")
    if not head then return end
    add_fields(tree, head, HEARTBEAT_HEAD)
    local hosts = bits_of(head(0, 4))
    for place, bit_place in ipairs(hosts) do hosts[place] = bit_place + 1 end
    tree:add(f.view_hosts, head(0, 4), ranges_of(hosts)):set_generated()
    local reports, staged_slots = head(36, 1):uint(), head(37, 1):uint()
    if reports > REPORTS_MAX then walk:complain(tree, "more than 40 peer reports") end
    if staged_slots > SLOTS_MAX then walk:complain(tree, "a staged configuration of more than 33 slots") end
    for number = 0, slots - 1 do
        if not show_slot(walk, tree, number, slots) then return end
    end
    for number = 0, reports - 1 do
        if not show_report(walk, tree, number) then return end
    end
    for number = 0, staged_slots - 1 do
        local offer = walk:take(tree, 1, "offer of staged slot " .. number)
        if not offer then return end
        tree:add(f.staged_offer, offer)
    end
end

local function show_member(walk, tree, number, former)
    local range = walk:take(tree, bytes_of(MEMBER), "member " .. number)
    if not range then return nil end
    local id = range(0, 1):uint()
    local branch = tree:add(nlb, range, "Member: host " .. id)
    add_fields(branch, range, MEMBER)
    if not is_host(id) or id <= former then walk:complain(branch, "members are hosts 1-32, each once, in this order") end
    return id
end

-- Who is meant to own which buckets of a slot: "1: 0-19; 2: 20-59".
local function owners_text(range)
    local owners, texts = {}, {}
    for bucket = 0, BUCKETS - 1 do
        local owner = range(bucket, 1):uint()
        owners[owner] = owners[owner] or {}
        table.insert(owners[owner], bucket)
    end
    for owner = 0, 255 do
        if owners[owner] then texts[#texts + 1] = (owner == 0 and "nobody" or owner) .. ": " .. ranges_of(owners[owner]) end
    end
    return table.concat(texts, "; ")
end

local function show_target(walk, tree, number)
    local range = walk:take(tree, BUCKETS, "targets of slot " .. number)
    if not range then return false end
    local branch = tree:add(nlb, range, "Targets of slot " .. number)
    branch:add(f.target_slot, range, number):set_generated()
    branch:add(f.target_owners, range, owners_text(range))
    for bucket = 0, BUCKETS - 1 do
        if range(bucket, 1):uint() > HOSTS_MAX then
            walk:complain(branch, "an owner above 32")
            break
        end
    end
    return true
end

local function show_map(walk, tree, header_slots)
    local head = walk:take(tree, bytes_of(MAP_HEAD), "map")
    if not head then return end
    add_fields(tree, head, MAP_HEAD)
    local part, parts, members = head(40, 1):uint(), head(41, 1):uint(), head(42, 1):uint()
    local first, slots = head(43, 1):uint(), head(44, 1):uint()
    if part >= parts then walk:complain(tree, "part " .. part .. " of " .. parts) end
    if members > HOSTS_MAX then walk:complain(tree, "more than 32 members") end
    if slots > MAP_SLOTS_MAX or first + slots > header_slots then walk:complain(tree, "more slots than the cluster has") end
    local former = 0
    for number = 1, members do
        former = show_member(walk, tree, number, former)
        if not former then return end
    end
    for number = first, first + slots - 1 do
        if not show_target(walk, tree, number) then return end
    end
end

local function show_configuration(walk, tree)
    local head = walk:take(tree, bytes_of(CONFIG_HEAD), "configuration")
    if not head then return end
    add_fields(tree, head, CONFIG_HEAD)
    local part, parts, bytes = head(8, 1):uint(), head(9, 1):uint(), walk.finish - walk.at
    if part >= parts then walk:complain(tree, "part " .. part .. " of " .. parts) end
    if bytes > TEXT_BYTES_MAX then walk:complain(tree, "more than 1200 bytes of lines") end
    if bytes > 0 then tree:add(f.text, walk:take(tree, bytes, "lines")) end
end

local function show_grant(walk, tree, number, slots)
    local range = walk:take(tree, bytes_of(GRANT), "grant " .. number)
    if not range then return false end
    local host, rule, bucket = range(0, 1):uint(), range(1, 1):uint(), range(2, 1):uint()
    local branch = tree:add(nlb, range, string.format("Grant: rule %d bucket %d to host %d", rule, bucket, host))
    add_fields(branch, range, GRANT)
    if not is_host(host) then walk:complain(branch, "a grant to a host outside 1-32") end
    if rule + 1 >= slots then walk:complain(branch, "a grant of a rule that the cluster has not") end
    if bucket >= BUCKETS then walk:complain(branch, "a bucket above 59") end
    if range(20, 8):uint64() == UInt64(0) then walk:complain(branch, "a grant of nobody") end
    return true
end

local function show_grants(walk, tree, slots)
    local head = walk:take(tree, bytes_of(GRANTS_HEAD), "grants")
    if not head then return end
    add_fields(tree, head, GRANTS_HEAD)
    local grants = head(0, 1):uint()
    if grants > GRANTS_MAX then walk:complain(tree, "more than 37 grants") end
    for number = 0, grants - 1 do
        if not show_grant(walk, tree, number, slots) then return end
    end
end

local SHOW = { [HEARTBEAT] = show_heartbeat, [MAP] = show_map, [CONFIG] = show_configuration, [GRANTS] = show_grants }

-- What the hosts' decoder asks of a header, in its order.
local function judge_header(walk, tree, header)
    local state, id, slots, coordinator = header(33, 1):uint(), header(32, 1):uint(), header(35, 1):uint(), header(60, 1):uint()
    local no_epoch = header(52, 4):uint() == 0 and header(56, 4):uint() == 0 and coordinator == 0
    if header(10, 1):uint() < VERSION or header(11, 1):uint() > VERSION or header(11, 1):uint() < 1 then
        walk:complain(tree, "a sender that does not speak the version that it writes")
    end
    if not STATES[state] then walk:complain(tree, "an unknown state") end
    if not is_host(id) then walk:complain(tree, "a host id outside 1-32") end
    if slots < 1 or slots > SLOTS_MAX then walk:complain(tree, "rule slots outside 1-33") end
    if not is_host(coordinator) and not no_epoch then walk:complain(tree, "an epoch whose coordinator is no host") end
end

local function show_frame(walk, tree)
    local header = walk:take(tree, bytes_of(HEADER), "header")
    if not header then return "short" end
    add_fields(tree, header, HEADER)
    local kind, length = header(5, 1):uint(), header(8, 2):uint()
    if header(0, 4):uint() ~= MAGIC then walk:complain(tree, "the magic is not NLBH") end
    if header(4, 1):uint() ~= VERSION then walk:complain(tree, "another version than 3") end
    if not TYPES[kind] then walk:complain(tree, "an unknown frame type") end
    if length < walk.at or length > walk.finish then
        walk:complain(tree, string.format("the frame says %d bytes, %d are here", length, walk.finish))
    end
    walk.finish = math.max(walk.at, math.min(walk.finish, length))
    judge_header(walk, tree, header)
    local name = string.format("%s host %d epoch %d.%d sequence %s", TYPES[kind] or "unknown type", header(32, 1):uint(),
        header(52, 4):uint(), header(60, 1):uint(), tostring(header(44, 8):uint64()))
    -- What cannot be of this version is not taken apart: its fields would be noise.
    if walk.complaint then return name end
    SHOW[kind](walk, tree, header(35, 1):uint())
    if walk.at < walk.finish then walk:complain(tree, walk.finish - walk.at .. " bytes too many") end
    return name
end

function nlb.dissector(tvb, pinfo, tree)
    pinfo.cols.protocol = "NLB"
    local branch = tree:add(nlb, tvb())
    local walk = setmetatable({ tvb = tvb, at = 0, finish = tvb:len() }, Walk)
    local name = show_frame(walk, branch)
    if not walk.complaint and walk.finish < tvb:len() then branch:add(f.padding, tvb(walk.finish)) end
    pinfo.cols.info = walk.complaint and name .. " [malformed: " .. walk.complaint .. "]" or name
    branch:append_text(", " .. tostring(name))
    return tvb:len()
end

DissectorTable.get("ethertype"):add(ETHERTYPE, nlb)
