using System.IO.Compression;
using AnalogTorch.Models.Data;
using AnalogTorch.Tests.Fuzzing;

namespace AnalogTorch.Tests.Models;

/// <summary>Data files that unpack to far more than they are cost little.</summary>
public sealed class PackedFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ABombIsRefused()
    {
        var path = folder.At("test_batch.bin.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Optimal))
            for (var i = 0; i < 100; i++)
                gzip.Write(new byte[1 << 20]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<InvalidDataException>(() => Cifar.Read10(path)).Message;
        Assert.Contains("unpacks to more than", message, StringComparison.Ordinal);
        Sentence.Check(message, path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 24 << 20);
    }

    [Fact]
    public void WhatIsNoGzipFileIsRefused()
    {
        var path = folder.At("test_batch.bin.gz");
        File.WriteAllBytes(path, [1, 2, 3]);
        var message = Assert.Throws<InvalidDataException>(() => Cifar.Read10(path)).Message;
        Assert.Contains("is not a sound gzip file", message, StringComparison.Ordinal);
        Sentence.Check(message, path);
    }

    [Fact]
    public void ADeviceIsNotRead()
    {
        if (!OperatingSystem.IsLinux())
            return; // others have no such device
        File.CreateSymbolicLink(folder.At("endless.bin"), "/dev/zero");
        Sentence.Check(Assert.Throws<InvalidDataException>(() => Cifar.Read10(folder.At("endless.bin"))).Message, folder.At("endless.bin"));
    }

    /// <summary>The header of a bitmap says 30,000×30,000 pixels, which its 70 bytes do not hold.</summary>
    [Fact]
    public void AnImageOfNothingIsRefused()
    {
        byte[] bitmap =
        [
            (byte)'B', (byte)'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, .. BitConverter.GetBytes(30_000), .. BitConverter.GetBytes(30_000), 1, 0, 24, 0, .. new byte[24], .. new byte[16],
        ];
        var message = Assert.Throws<InvalidDataException>(() => ImageFolder.Decode(bitmap, "'crafted.bmp'")).Message;
        Sentence.Check(message, "crafted.bmp");
    }
}
