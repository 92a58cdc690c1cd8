"""Hazard: a type looks like a plain one, and attributes of its instances are not what they seem."""

import copyreg

import pytest
from faces import dumped, outcome
from parts import both

LOG = []


class Looking:
    """Every look-up is told."""

    def __init__(self, value=0):
        self.value = value

    def __getattribute__(self, name):
        LOG.append(name)
        return object.__getattribute__(self, name)


class LookingFurther:
    """A look-up that failed is told."""

    def __init__(self, value=0):
        self.value = value

    def __getattr__(self, name):
        LOG.append(name)
        raise AttributeError(name)


class Late(Looking):
    """From the third instance on, the state is another one."""

    def __getattribute__(self, name):
        LOG.append(name)
        if name == "__getstate__" and LOG.count(name) > 2:
            return lambda: "late"
        return object.__getattribute__(self, name)


class Disguised:
    """Says itself of which class it is."""

    def __init__(self, value=0):
        self.value = value

    @property
    def __class__(self):
        LOG.append("__class__")
        return Disguised


class OwnDict:
    """Its `__dict__` is made for whoever asks."""

    def __init__(self, value=0):
        LOG.append("made")

    @property
    def __dict__(self):
        LOG.append("__dict__")
        return {"asked": len(LOG)}


class Meta(type):
    def __getattribute__(cls, name):
        if name != "__dict__":
            LOG.append(name)
        return type.__getattribute__(cls, name)


class OfMeta(metaclass=Meta):
    def __init__(self, value=0):
        self.value = value


class Described:
    """A descriptor stands where the method was inherited."""

    class Descriptor:
        def __get__(self, obj, owner):
            LOG.append("got")
            if obj is None:
                return object.__getstate__
            return object.__getstate__.__get__(obj) if LOG.count("got") < 4 else lambda: "described"

    __getstate__ = Descriptor()

    def __init__(self, value=0):
        self.value = value


class OwnMethods:
    """The methods of `object`, defined anew and told of."""

    def __init__(self, value=0):
        self.value = value

    def __reduce_ex__(self, protocol):
        LOG.append("__reduce_ex__")
        return super().__reduce_ex__(protocol)

    def __getstate__(self):
        LOG.append("__getstate__")
        return super().__getstate__()


class OwnReduceEx:
    """One method alone is defined anew, and returns what the plain one does."""

    def __init__(self, value=0):
        self.value = value

    def __reduce_ex__(self, protocol):
        LOG.append("__reduce_ex__")
        return super().__reduce_ex__(protocol)


class OwnReduce:
    __slotnames__ = []

    def __init__(self, value=0):
        self.value = value

    def __reduce__(self):
        LOG.append("__reduce__")
        return copyreg.__newobj__, (type(self),), self.__dict__


class OwnGetstate:
    def __init__(self, value=0):
        self.value = value

    def __getstate__(self):
        LOG.append("__getstate__")
        return self.__dict__


class LookingAndReducing(Looking, Exception):
    def __reduce__(self):
        LOG.append("__reduce__")
        return LookingAndReducing, ()


class OfMetaAndReducing(Exception, metaclass=Meta):
    def __reduce__(self):
        return list, ()


class DescribedReduce(Exception):
    """A descriptor gives the method, and tells how often it is fetched."""

    class Descriptor:
        def __get__(self, obj, owner):
            LOG.append("class" if obj is None else "instance")
            return lambda *args: (DescribedReduce, ())

    __reduce__ = Descriptor()


class NewArguments:
    """One instance in three has arguments."""

    def __init__(self, value=0):
        self.value = value

    def __getnewargs__(self):
        LOG.append("__getnewargs__")
        return () if len(LOG) % 3 else ("third",)


class SlotNamed:
    """A slot by the name of a method, empty in most instances."""

    __slots__ = ("__getnewargs__", "__dict__")

    def __init__(self, value=0):
        if value == "c":
            self.__getnewargs__ = tuple


class SlotOverlaid:
    __slots__ = ("value",)

    def __init__(self, value=0):
        self.value = value


class Overlays(SlotOverlaid):
    """The name of the base's slot means something else here."""

    __slots__ = ("more",)

    @property
    def value(self):
        LOG.append("value")
        return "computed"

    @value.setter
    def value(self, value):
        SlotOverlaid.value.__set__(self, value)


CLASSES = [
    Looking,
    LookingFurther,
    Late,
    Disguised,
    OwnDict,
    OfMeta,
    Described,
    OwnMethods,
    OwnReduceEx,
    OwnReduce,
    OwnGetstate,
    LookingAndReducing,
    OfMetaAndReducing,
    DescribedReduce,
    NewArguments,
    SlotNamed,
    Overlays,
]


@pytest.mark.parametrize("cls", CLASSES)
def test_bytes_and_look_ups(face, cls, protocol):
    # What is looked up once for all is left on the class.
    LOG.clear()
    outcome(dumped, face.model, cls(), protocol)

    def attempt(pickler_class):
        LOG.clear()
        root = [cls(tag) for tag in "abcdefgh"]
        return outcome(dumped, pickler_class, root, protocol), list(LOG)

    both(face, attempt)
