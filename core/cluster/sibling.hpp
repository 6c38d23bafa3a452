// A reference from one object of a Membership to another. Assigning an object copies its state and
// leaves whom it looks at alone: so the copy of a Membership (a recording, a test) is wired to
// itself.
#pragma once

namespace nlb {

template <class Object>
class Sibling {
public:
    // Implicit, like the binding of a reference.
    Sibling(Object& object) : object_(&object) {}
    Sibling(const Sibling&) = default;
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): nothing is assigned
    Sibling& operator=(const Sibling&) { return *this; }

    Object* operator->() const { return object_; }
    Object& operator*() const { return *object_; }

private:
    Object* object_;
};

}  // namespace nlb
