using System.Buffers.Binary;
using System.Text;

namespace AnalogTorch.Tests.Native;

/// <summary>TorchSharp's Linux library next to the tests, and where its parts stand by its section headers.</summary>
/// <remarks>The code under test reads the program headers instead, so the two ways check each other.</remarks>
internal sealed class Shim
{
    public static readonly string Path = System.IO.Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");

    private readonly Dictionary<string, (int Offset, int Size)> sections = [];

    public Shim()
    {
        Bytes = File.ReadAllBytes(Path);
        int headers = (int)I64(40);
        int names = (int)I64(headers + 64 * I16(62) + 24);
        for (int i = 0; i < I16(60); i++)
        {
            int at = headers + 64 * i;
            sections[Text(names + I32(at))] = ((int)I64(at + 24), (int)I64(at + 32));
        }

        (int symbols, int size) = sections[".dynsym"];
        SymbolIndex = Enumerable.Range(1, size / 24 - 1)
            .Single(i => Text(Section(".dynstr") + I32(symbols + 24 * i)) == "_ZSt21ios_base_library_initv");
        VersionIndex = I16(Section(".gnu.version") + 2 * SymbolIndex);
    }

    public byte[] Bytes { get; }

    public int SymbolIndex { get; }

    public short VersionIndex { get; }

    public int Section(string name) => sections[name].Offset;

    public int Find(string text)
    {
        int at = Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text + "\0"));
        Assert.True(at > 0);
        return at;
    }

    /// <summary>Where the flags of the demand for <paramref name="version"/> stand: behind its hash, before its index.</summary>
    public int FlagsOf(string version)
    {
        uint hash = 0;
        foreach (char c in version)
        {
            hash = (hash << 4) + c;
            hash = (hash ^ ((hash & 0xf0000000) >> 24)) & 0x0fffffff;
        }

        var (start, size) = sections[".gnu.version_r"];
        Span<byte> pattern = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(pattern, hash);
        BinaryPrimitives.WriteInt16LittleEndian(pattern[6..], VersionIndex);
        int at = Bytes.AsSpan(start, size).IndexOf(pattern);
        Assert.True(at >= 0);
        return start + at + 4;
    }

    private short I16(int at) => BinaryPrimitives.ReadInt16LittleEndian(Bytes.AsSpan(at));

    private int I32(int at) => BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan(at));

    private long I64(int at) => BinaryPrimitives.ReadInt64LittleEndian(Bytes.AsSpan(at));

    private string Text(int at) => Encoding.ASCII.GetString(Bytes.AsSpan(at, Bytes.AsSpan(at).IndexOf((byte)0)));
}

/// <summary>A test that needs the Linux binaries beside it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!File.Exists(Shim.Path))
            Skip = "Needs TorchSharp's library for Linux.";
    }
}
