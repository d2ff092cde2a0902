using System.Diagnostics;
using System.Globalization;
using AnalogTorch.Checkpoints;
using AnalogTorch.Models.Weights;
using AnalogTorch.Tests.Fuzzing;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Checkpoints;

/// <summary>Where files are written: through links, never over what is no file, one after another, and with nothing left beside them.</summary>
public sealed class WholeFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Written => new("run.ckpt", "weights.pth");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Written))]
    public void TheTargetOfALinkIsWritten(string name)
    {
        if (OperatingSystem.IsWindows())
            return; // links need a right there
        Directory.CreateDirectory(folder.At("elsewhere"));
        File.WriteAllText(folder.At("elsewhere", name), "before");
        File.CreateSymbolicLink(folder.At(name), Path.Combine("elsewhere", name));
        File.CreateSymbolicLink(folder.At($"second-{name}"), folder.At(name));
        Save(folder.At($"second-{name}"));
        Load(folder.At(name));
        Assert.Equal(Path.Combine("elsewhere", name), new FileInfo(folder.At(name)).LinkTarget);
        Assert.Null(new FileInfo(folder.At("elsewhere", name)).LinkTarget);

        File.Delete(folder.At("elsewhere", name)); // a link to a file that is not there yet
        Save(folder.At(name));
        Load(folder.At("elsewhere", name));
        Assert.Equal(3, folder.Files().Length);
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void WhatIsNoFileIsNeitherReplacedNorRead(string name)
    {
        if (!OperatingSystem.IsLinux())
            return; // others have no such devices
        var pipe = folder.At(name);
        Process.Start("mkfifo", [pipe]).WaitForExit();
        Directory.CreateDirectory(folder.At($"folder-{name}"));
        var device = folder.At($"device-{name}");
        File.CreateSymbolicLink(device, "/dev/zero");
        var loop = folder.At($"loop-{name}");
        File.CreateSymbolicLink(loop, loop);
        foreach (var (path, kind) in new[] { (pipe, "a pipe"), (folder.At($"folder-{name}"), "a folder"), (device, "a device") })
        {
            var files = folder.Files();
            var message = Assert.Throws<IOException>(() => Save(path)).Message;
            Assert.Contains($"it is {kind}, and no file", message, StringComparison.Ordinal);
            Sentence.Check(message, path);
            if (kind == "a folder" && name == "weights.pth") // which may hold a model in several files
                Assert.Contains("holds neither an index of shards", Assert.Throws<FileNotFoundException>(() => Load(path)).Message, StringComparison.Ordinal);
            else
                Assert.Contains($"is {kind}, and no file", Assert.Throws<InvalidDataException>(() => Load(path)).Message, StringComparison.Ordinal);
            Assert.Equal(files, folder.Files());
        }
        Assert.Throws<IOException>(() => Save(loop));
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void SavesToOnePathWaitForEachOther(string name)
    {
        Parallel.For(0, 12, _ => Save(folder.At(name)));
        Load(folder.At(name));
        Assert.Equal([name], folder.Files());
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void WhatKilledProcessesLeftIsClearedAwayAndNothingElse(string name)
    {
        using var ended = Process.Start(new ProcessStartInfo("dotnet", ["--version"]) { RedirectStandardOutput = true })!;
        ended.WaitForExit();
        using var running = Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? "cmd" : "cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            string Left(long process, string file = "") => string.Create(CultureInfo.InvariantCulture, $"{(file.Length == 0 ? name : file)}.{process}-1.tmp");
            string[] stay = [Left(running.Id), Left(ended.Id, "other"), $"{name}.tmp", $"{name}.12.tmp", $"{name}.mine-1.tmp", $"{name}.{ended.Id}-1"];
            string[] go = [Left(ended.Id), Left(long.MaxValue)];
            foreach (var file in stay.Concat(go))
                File.WriteAllText(folder.At(file), "half");
            Save(folder.At(name));
            Assert.Equal(stay.Append(name).Order(), folder.Files());
        }
        finally
        {
            running.Kill();
        }
    }

    [Fact]
    public void AFileKeepsItsMode()
    {
        if (OperatingSystem.IsWindows())
            return; // it has none
        var path = folder.At("run.ckpt");
        Save(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Save(path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    private static void Save(string path)
    {
        using var model = Linear(3, 2);
        if (path.EndsWith(".ckpt", StringComparison.Ordinal))
            Checkpoint.Save(path, model);
        else
            model.SaveWeights(path);
    }

    private static void Load(string path)
    {
        using var model = Linear(3, 2);
        if (path.EndsWith(".ckpt", StringComparison.Ordinal))
            Checkpoint.Load(path, model);
        else
            model.LoadWeights(path);
    }
}
