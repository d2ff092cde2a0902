using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AnalogTorch.Tests.Native;

[SupportedOSPlatform("linux")]
public sealed class NativeImageTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // A library with no initialisers, so that a second copy in the process is harmless.
    private readonly string library = Path.Combine(AppContext.BaseDirectory, "libtorch_global_deps.so");
    private readonly string parent = Directory.CreateTempSubdirectory("analogtorch-tests-").FullName;

    public void Dispose() => Directory.Delete(parent, recursive: true);

    [LinuxFact]
    public void LoadsFromMemory() =>
        NativeLibrary.Free(NativeImage.LoadFromMemory("test", File.ReadAllBytes(library)));

    [LinuxFact]
    public void LoadsFromAFolderAndLeavesNothingThere()
    {
        NativeLibrary.Free(NativeImage.LoadFromFolder(parent, "test", File.ReadAllBytes(library)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(parent));
    }

    [LinuxFact]
    public void SaysWhatIsWrongWithBytesThatAreNoLibrary()
    {
        Assert.Throws<DllNotFoundException>(() => NativeImage.LoadFromFolder(parent, "test", [1, 2, 3]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(parent));
    }

    [LinuxFact]
    public void OnlyTheUserCanEnterTheFolder()
    {
        string folder = NativeImage.CreatePrivateFolder(parent);
        Assert.Equal(parent, Path.GetDirectoryName(folder));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder));
        Assert.NotEqual(folder, NativeImage.CreatePrivateFolder(parent));
    }

    [LinuxFact]
    public void RefusesAFolderThatOthersCanWriteTo()
    {
        foreach (var others in new[] { UnixFileMode.GroupWrite, UnixFileMode.OtherWrite, UnixFileMode.OtherWrite | UnixFileMode.StickyBit })
        {
            File.SetUnixFileMode(parent, OwnerOnly | others);
            RefusesFolder(parent);
        }
    }

    [LinuxFact]
    public void RefusesAFolderWhoseParentOthersCanWriteTo()
    {
        string inner = Directory.CreateDirectory(Path.Combine(parent, "inner"), OwnerOnly).FullName;
        File.SetUnixFileMode(parent, OwnerOnly | UnixFileMode.OtherWrite);
        RefusesFolder(inner);
    }

    [LinuxFact]
    public void RefusesALink()
    {
        string inner = Directory.CreateDirectory(Path.Combine(parent, "inner"), OwnerOnly).FullName;
        RefusesFolder(Directory.CreateSymbolicLink(Path.Combine(parent, "link"), inner).FullName);
    }

    private static void RefusesFolder(string folder) =>
        Assert.Contains("must be writable by its owner only", Assert.Throws<IOException>(() => NativeImage.CreatePrivateFolder(folder)).Message, StringComparison.Ordinal);
}
