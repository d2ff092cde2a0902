using System.Buffers.Binary;
using CsCheck;

namespace AnalogTorch.Tests.Native;

public sealed class ElfVersionNeedTests
{
    private const string Version = "GLIBCXX_3.4.32";

    [LinuxFact]
    public void ChangesOneBitOfTheRealLibrary()
    {
        var shim = new Shim();
        byte[] patched = ElfVersionNeed.MakeOptional(shim.Bytes);

        int flags = shim.FlagsOf(Version);
        Assert.Equal(0, shim.Bytes[flags]);
        Assert.Equal(2, patched[flags]);
        patched[flags] = 0;
        Assert.Equal(shim.Bytes, patched);
    }

    [LinuxFact]
    public void LeavesTheFileOnDiskAlone()
    {
        Assert.Equal(1, TorchSharp.torch.get_num_threads());   // so the library is loaded by now
        ElfVersionNeed.MakeOptional(File.ReadAllBytes(Shim.Path));   // and this throws if the file is patched
    }

    [LinuxFact]
    public void RefusesWhatIsNoSharedLibraryForX64()
    {
        Refuses("magic number", (file, _) => file[1] = (byte)'F');
        Refuses("64 bits, little endian", (file, _) => file[4] = 1);
        Refuses("shared library for x86-64", (file, _) => file[16] = 2);
        Refuses("shared library for x86-64", (file, _) => file[18] = 183);
    }

    [LinuxFact]
    public void RefusesAPatchedLibrary() =>
        Refuses("optional already", (file, shim) => file[shim.FlagsOf(Version)] = 2);

    [LinuxFact]
    public void RefusesOtherFlags() =>
        Refuses("must have no flags, but has 1", (file, shim) => file[shim.FlagsOf(Version)] = 1);

    [LinuxFact]
    public void RefusesALibraryThatDoesNotAskForTheVersion() =>
        Refuses("asked for once, but is 0 times", (file, shim) => file[shim.Find(Version) + Version.Length - 1]++);

    [LinuxFact]
    public void RefusesAnotherSymbolOfTheVersion()
    {
        Refuses($"may use {Version}, but", (file, shim) => Put16(file, shim.Section(".gnu.version") + 2, shim.VersionIndex));
        Refuses("but _ZSt21ios_base_library_initx does", (file, shim) =>
            file[shim.Find("_ZSt21ios_base_library_initv") + 27] = (byte)'x');
    }

    [LinuxFact]
    public void RefusesASharedVersionIndex() =>
        Refuses($"the index of {Version} must be its own", (file, shim) =>
        {
            // The demand before or behind it in the table gets its index.
            int index = shim.FlagsOf(Version) + 2;
            Put16(file, index + 16, shim.VersionIndex);
        });

    [LinuxFact]
    public void RefusesALibraryWithoutTheSymbol() =>
        Refuses("but nothing does", (file, shim) => Put16(file, shim.Section(".gnu.version") + 2 * shim.SymbolIndex, 1));

    [LinuxFact]
    public void RefusesADefinedSymbol() =>
        Refuses("must be undefined", (file, shim) => Put16(file, shim.Section(".dynsym") + 24 * shim.SymbolIndex + 6, 1));

    [LinuxFact]
    public void RefusesASymbolThatIsUsed()
    {
        Refuses("a relocation refers to it", (file, shim) => Put16(file, shim.Section(".rela.plt") + 12, (short)shim.SymbolIndex));
        Refuses("a relocation refers to it", (file, shim) => Put16(file, shim.Section(".rela.dyn") + 12, (short)shim.SymbolIndex));
    }

    [LinuxFact]
    public void RefusesATruncatedFile()
    {
        // The section headers at the end are not read; all tables that matter are before the code.
        byte[] file = new Shim().Bytes;
        int end = new Shim().Section(".text");
        for (int length = 0; length < end; length = length * 9 / 8 + 1)
            Assert.Throws<InvalidDataException>(() => ElfVersionNeed.MakeOptional(file.AsSpan(0, length)));
    }

    [LinuxFact]
    public void RefusesOrChangesOneBitOfADamagedFile()
    {
        var shim = new Shim();
        (int, int)[] tables = [(0, 700), (shim.Section(".dynamic"), 560), (shim.Section(".gnu.version_r"), 528), (shim.Section(".gnu.hash"), 16)];
        var place = Gen.OneOf([.. tables.Select(table => Gen.Int[table.Item1, table.Item1 + table.Item2 - 1])]);
        Gen.Select(place, Gen.Byte).Array[1, 4].Sample(
            damages =>
            {
                byte[] file = [.. shim.Bytes];
                foreach (var (at, value) in damages)
                    file[at] = value;
                try
                {
                    byte[] patched = ElfVersionNeed.MakeOptional(file);
                    int differ = file.AsSpan().CommonPrefixLength(patched);
                    Assert.Equal(2, file[differ] ^ patched[differ]);
                    Assert.True(file.AsSpan(differ + 1).SequenceEqual(patched.AsSpan(differ + 1)));
                }
                catch (InvalidDataException)
                {
                }
            },
            iter: 300);
    }

    private static void Refuses(string reason, Action<byte[], Shim> damage)
    {
        var shim = new Shim();
        byte[] file = [.. shim.Bytes];
        damage(file, shim);
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => ElfVersionNeed.MakeOptional(file)).Message, StringComparison.Ordinal);
    }

    private static void Put16(byte[] file, int at, short value) => BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(at), value);
}
