using System.IO.Compression;
using AnalogTorch.Models.Data;

namespace AnalogTorch.Tests.Models;

public sealed class CifarTests : IDisposable
{
    private const int Pixels = 3 * 32 * 32;

    private readonly TemporaryFolder folder = new();

    public CifarTests()
    {
        Directory.CreateDirectory(folder.At("cifar-10"));
        Directory.CreateDirectory(folder.At("cifar-100"));
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadsPlainAndPackedFiles(bool packed)
    {
        Put("cifar-10/test_batch.bin", [.. Record(1, 7), .. Record(2, 0)], packed);
        using var set = Cifar.Load10(Data(), train: false);
        Assert.Equal("CIFAR-10", set.Name);
        Assert.Equal([2L, 3, 32, 32], set.Images.shape);
        Assert.Equal([7L, 0], set.Labels.data<long>().ToArray());
        Assert.Equal(10, set.Classes);
        Assert.Equal(Record(1).Concat(Record(2)).Select(pixel => pixel / 255f), set.Images.data<float>().ToArray());
    }

    [Fact]
    public void ChannelsAreRedGreenBlueLineByLine()
    {
        var pixels = new byte[Pixels];
        pixels[1024 + 32 * 5 + 6] = 255;
        Put("cifar-10/test_batch.bin", [3, .. pixels], packed: false);
        using var set = Cifar.Load10(Data(), train: false);
        Assert.Equal(1, set.Images[0, 1, 5, 6].item<float>());
        Assert.Equal(1, set.Images.sum().item<float>());
    }

    [Fact]
    public void TrainingBatchesThatAreThereAreReadInOrderAndCountedInTheName()
    {
        Put("cifar-10/data_batch_3.bin", Record(3, 3), packed: true);
        Put("cifar-10/data_batch_1.bin", Record(1, 1), packed: false);
        using var some = Cifar.Load10(Data(), train: true);
        Assert.Equal([1L, 3], some.Labels.data<long>().ToArray());
        Assert.Equal("CIFAR-10, 2 of 5 training batches", some.Name);
        foreach (var batch in new[] { 2, 4, 5 })
            Put($"cifar-10/data_batch_{batch}.bin", Record(batch, (byte)batch), packed: true);
        using var all = Cifar.Load10(Data(), train: true);
        Assert.Equal([1L, 2, 3, 4, 5], all.Labels.data<long>().ToArray());
        Assert.Equal("CIFAR-10", all.Name);
    }

    [Fact]
    public void Cifar100HasFineAndCoarseLabels()
    {
        Put("cifar-100/train.bin", [.. Record(1, 19, 99), .. Record(2, 4, 50)], packed: true);
        using var fine = Cifar.Load100(Data(), train: true);
        using var coarse = Cifar.Load100(Data(), train: true, Cifar100Labels.Coarse);
        Assert.Equal([99L, 50], fine.Labels.data<long>().ToArray());
        Assert.Equal([19L, 4], coarse.Labels.data<long>().ToArray());
        Assert.Equal((100, 20), (fine.Classes, coarse.Classes));
        Assert.Equal(Record(1).Concat(Record(2)).Select(pixel => pixel / 255f), fine.Images.data<float>().ToArray());
        Assert.NotEqual(fine.Name, coarse.Name);
    }

    [Theory]
    [InlineData(-1, "its 6145 bytes")]
    [InlineData(1, "its 6147 bytes")]
    [InlineData(-6146, "its 0 bytes")]
    public void TruncatedFilesAreRefused(int more, string said)
    {
        byte[] records = [.. Record(1, 7), .. Record(2, 0), 0];
        Put("cifar-10/test_batch.bin", records[..(6146 + more)], packed: true);
        AssertSays<InvalidDataException>(() => Cifar.Load10(Data(), train: false), "test_batch.bin", "3073", said);
    }

    [Fact]
    public void TruncatedGzipIsRefused()
    {
        Put("cifar-10/test_batch.bin", [.. Record(1, 7), .. Record(2, 0)], packed: true);
        var bytes = File.ReadAllBytes(folder.At("cifar-10", "test_batch.bin.gz"));
        File.WriteAllBytes(folder.At("cifar-10", "test_batch.bin.gz"), bytes[..(bytes.Length / 2)]);
        AssertSays<InvalidDataException>(() => Cifar.Load10(Data(), train: false), "test_batch.bin", "fresh copy");
    }

    [Fact]
    public void OtherLabelsAreRefused()
    {
        Put("cifar-10/test_batch.bin", [.. Record(1, 7), .. Record(2, 10)], packed: false);
        AssertSays<InvalidDataException>(() => Cifar.Load10(Data(), train: false), "image 1 has label 10", "0 to 9");
        Put("cifar-100/test.bin", Record(1, 20, 5), packed: false);
        AssertSays<InvalidDataException>(() => Cifar.Load100(Data(), train: false, Cifar100Labels.Coarse), "label 20", "0 to 19");
    }

    [Fact]
    public void MissingFilesAreNamed()
    {
        AssertSays<FileNotFoundException>(() => Cifar.Load10(Data(), train: true), "cifar-10/data_batch_1.bin");
        AssertSays<FileNotFoundException>(() => Cifar.Load10(Data(), train: false), "cifar-10/test_batch.bin");
        AssertSays<FileNotFoundException>(() => Cifar.Load100(Data(), train: true), "cifar-100/train.bin");
    }

    private static void AssertSays<T>(Func<object> action, params string[] parts) where T : Exception
    {
        var message = Assert.Throws<T>(action).Message;
        Assert.All(parts, part => Assert.Contains(part, message));
        Assert.EndsWith(".", message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>Labels, then pixels that only this image has.</summary>
    private static byte[] Record(int image, params byte[] labels) => [.. labels, .. Enumerable.Range(0, Pixels).Select(i => (byte)(i * (image + 2) + i / 251))];

    private DataFolder Data() => DataFolder.Open(folder.Path);

    private void Put(string path, byte[] content, bool packed)
    {
        using var file = File.Create(folder.At(path.Split('/')) + (packed ? ".gz" : ""));
        using Stream target = packed ? new GZipStream(file, CompressionLevel.Fastest) : file;
        target.Write(content);
    }
}
