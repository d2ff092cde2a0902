using System.Buffers.Binary;
using System.Text;

namespace AnalogTorch;

/// <summary>Makes optional the libstdc++ version that TorchSharp's Linux library asks for and does not use.</summary>
/// <remarks>
/// GCC 13 and later put a reference to <c>std::ios_base_library_init()</c> into whatever includes &lt;iostream&gt;. The reference
/// has no relocation: it is never looked up and exists only to demand GLIBCXX_3.4.32. Setting VER_FLG_WEAK on that
/// demand tells the dynamic linker to go on without it, a change of one bit. All else about the file is checked
/// first, so that a library in which the version does matter is refused and not broken. Offsets and names are those of elf.h.
/// </remarks>
internal static class ElfVersionNeed
{
    private const string Version = "GLIBCXX_3.4.32";
    private const string Library = "libstdc++.so.6";
    private const string Symbol = "_ZSt21ios_base_library_initv";
    private const ushort VerFlgWeak = 2;

    private enum Tag : long
    {
        Null = 0,
        PltRelSize = 2,
        StrTab = 5,
        SymTab = 6,
        Rela = 7,
        RelaSize = 8,
        RelaEntry = 9,
        StrSize = 10,
        SymEntry = 11,
        Rel = 17,
        PltRel = 20,
        JmpRel = 23,
        GnuHash = 0x6ffffef5,
        VerSym = 0x6ffffff0,
        VerNeed = 0x6ffffffe,
        VerNeedCount = 0x6fffffff,
    }

    /// <returns>A copy of <paramref name="file"/> that differs in one bit.</returns>
    /// <exception cref="InvalidDataException">The file is not exactly of the expected kind; the message says in what.</exception>
    public static byte[] MakeOptional(ReadOnlySpan<byte> file)
    {
        try
        {
            var image = new Image(file);
            (int flags, int index) = FindNeed(image);
            CheckSymbols(image, index);
            byte[] copy = file.ToArray();
            copy[flags] |= (byte)VerFlgWeak;
            return copy;
        }
        catch (Exception broken) when (broken is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The ELF file must be whole, but a table points outside it.", broken);
        }
    }

    /// <returns>Where the flags of the demanded version stand in the file, and the index symbols refer to it by.</returns>
    private static (int Flags, int Index) FindNeed(Image image)
    {
        var found = new List<(int Flags, int Index)>();
        var indices = new List<int>();
        int need = image.Table(Tag.VerNeed);
        ulong libraries = image[Tag.VerNeedCount];
        Require(libraries <= 100, $"versions must be needed of 100 libraries at most, but are of {libraries}");
        for (; libraries > 0; libraries--)
        {
            Require(image.U16(need) == 1, "version needs must be of revision 1");
            int aux = checked(need + (int)image.U32(need + 8));
            for (int names = image.U16(need + 2); names > 0; names--)
            {
                int index = image.U16(aux + 6) & 0x7fff;
                indices.Add(index);
                if (image.Name(image.U32(aux + 8)) == Version)
                {
                    Require(image.Name(image.U32(need + 4)) == Library, $"{Version} must be asked of {Library}");
                    found.Add((aux + 4, index));
                }

                aux = checked(aux + (int)image.U32(aux + 12));
            }

            need = checked(need + (int)image.U32(need + 12));
        }

        Require(found.Count == 1, $"{Version} must be asked for once, but is {found.Count} times");
        Require(indices.Count(i => i == found[0].Index) == 1, $"the index of {Version} must be its own");
        int flags = image.U16(found[0].Flags);
        Require((flags & VerFlgWeak) == 0, $"{Version} must be demanded, but is optional already");
        Require(flags == 0, $"{Version} must have no flags, but has {flags}");
        return found[0];
    }

    /// <summary>Only the one symbol may have the version, and nothing may refer to that symbol.</summary>
    private static void CheckSymbols(Image image, int index)
    {
        Require(image[Tag.SymEntry] == 24, "symbols must have 24 bytes");
        int symbols = image.Table(Tag.SymTab);
        int versions = image.Table(Tag.VerSym);
        int user = -1;
        for (int i = 0, count = CountSymbols(image); i < count; i++)
        {
            if ((image.U16(versions + 2 * i) & 0x7fff) != index)
                continue;
            string name = image.Name(image.U32(symbols + 24 * i));
            Require(name == Symbol, $"only {Symbol} may use {Version}, but {name} does");
            Require(user < 0, $"{Symbol} must be there once");
            Require(image.U16(symbols + 24 * i + 6) == 0, $"{Symbol} must be undefined");
            user = i;
        }

        Require(user >= 0, $"{Symbol} must use {Version}, but nothing does");
        Require(!image.Has(Tag.Rel), "relocations must be of the form with addends");
        Require(!image.Has(Tag.Rela) || image[Tag.RelaEntry] == 24, "relocations must have 24 bytes");
        Require(!image.Has(Tag.JmpRel) || image[Tag.PltRel] == (ulong)Tag.Rela, "relocations must be of the form with addends");
        CheckRelocations(image, Tag.Rela, Tag.RelaSize, user);
        CheckRelocations(image, Tag.JmpRel, Tag.PltRelSize, user);
    }

    private static void CheckRelocations(Image image, Tag table, Tag size, int symbol)
    {
        if (!image.Has(table))
            return;
        Require(image[size] % 24 == 0, "relocations must have 24 bytes");
        int start = image.Table(table);
        int end = checked(start + (int)image[size]);
        for (int at = start; at < end; at += 24)
            Require(image.U32(at + 12) != symbol, $"{Symbol} must be unused, but a relocation refers to it");
    }

    /// <summary>The dynamic section does not hold the number of symbols; the hash table's last chain ends at it.</summary>
    private static int CountSymbols(Image image)
    {
        int hash = image.Table(Tag.GnuHash);
        int bucketCount = checked((int)image.U32(hash));
        int firstHashed = checked((int)image.U32(hash + 4));
        int buckets = checked(hash + 16 + 8 * (int)image.U32(hash + 8));
        int chains = checked(buckets + 4 * bucketCount);
        int last = -1;
        for (int i = 0; i < bucketCount; i++)
            last = Math.Max(last, checked((int)image.U32(buckets + 4 * i)));
        if (last < firstHashed)
            return firstHashed;
        while ((image.U32(checked(chains + 4 * (last - firstHashed))) & 1) == 0)
            last++;
        return last + 1;
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
            throw new InvalidDataException($"The ELF file is not as expected: {rule}.");
    }

    /// <summary>A shared library for x86-64, read as the dynamic linker reads it: by program headers and dynamic section.</summary>
    private readonly ref struct Image
    {
        private readonly ReadOnlySpan<byte> file;
        private readonly List<(ulong Address, ulong Offset, ulong Size)> segments = [];
        private readonly Dictionary<Tag, ulong> dynamic = [];

        public Image(ReadOnlySpan<byte> file)
        {
            this.file = file;
            Require(file.StartsWith("\u007fELF"u8), "it must begin with the ELF magic number");
            Require(U16(4) == 0x0102, "it must be 64 bits, little endian");
            Require(U16(16) == 3 && U16(18) == 62, "it must be a shared library for x86-64");
            Require(U16(54) == 56, "program headers must have 56 bytes");
            var dynamics = new List<(int Start, int Size)>();
            int header = checked((int)U64(32));
            for (int left = U16(56); left > 0; left--, header += 56)
            {
                if (U32(header) == 1)
                    segments.Add((U64(header + 16), U64(header + 8), U64(header + 32)));
                else if (U32(header) == 2)
                    dynamics.Add((checked((int)U64(header + 8)), checked((int)U64(header + 32))));
            }

            Require(dynamics.Count == 1, $"it must have one dynamic section, but has {dynamics.Count}");
            (int start, int size) = dynamics[0];
            for (int at = start; at + 16 <= start + size && U64(at) != 0; at += 16)
            {
                var tag = (Tag)U64(at);
                bool first = dynamic.TryAdd(tag, U64(at + 8));
                Require(first || !Enum.IsDefined(tag), $"the dynamic section must have {tag} once");
            }
        }

        public ulong this[Tag tag] => dynamic.TryGetValue(tag, out ulong value)
            ? value
            : throw new InvalidDataException($"The ELF file is not as expected: the dynamic section must have {tag}.");

        public bool Has(Tag tag) => dynamic.ContainsKey(tag);

        /// <returns>Where in the file the table stands.</returns>
        public int Table(Tag tag)
        {
            ulong address = this[tag];
            foreach (var (start, offset, size) in segments)
            {
                if (address >= start && address - start < size)
                    return checked((int)(address - start + offset));
            }

            throw new InvalidDataException($"The ELF file is not as expected: {tag} must lie in a loaded segment.");
        }

        public string Name(uint offset)
        {
            var strings = file.Slice(Table(Tag.StrTab), checked((int)this[Tag.StrSize]));
            var name = strings[checked((int)offset)..];
            int end = name.IndexOf((byte)0);
            Require(end >= 0, "names must end with a zero");
            return Encoding.ASCII.GetString(name[..end]);
        }

        public ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(file[at..]);

        public uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(file[at..]);

        public ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(file[at..]);
    }
}
