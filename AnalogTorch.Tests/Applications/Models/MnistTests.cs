using System.Buffers.Binary;
using System.IO.Compression;
using AnalogTorch.Models.Data;

namespace AnalogTorch.Tests.Models;

public sealed class MnistTests : IDisposable
{
    private const string Images = "train-images-idx3-ubyte";
    private const string Labels = "train-labels-idx1-ubyte";

    private readonly TemporaryFolder folder = new();

    public MnistTests() => Directory.CreateDirectory(folder.At("mnist"));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadsPlainAndPackedFiles(bool packed)
    {
        var pixels = Pixels(3);
        Put(Images, Idx([3, 28, 28], pixels), packed);
        Put(Labels, Idx([3], [7, 0, 9]), packed);

        using var set = Load();

        Assert.Equal([3L, 1, 28, 28], set.Images.shape);
        Assert.Equal([7L, 0, 9], set.Labels.data<long>().ToArray());
        Assert.Equal(pixels.Select(pixel => pixel / 255f), set.Images.data<float>().ToArray());
        Assert.Equal(10, set.Classes);
    }

    [Fact]
    public void MissingFileIsNamed()
    {
        var message = Assert.Throws<FileNotFoundException>(Load).Message;
        Assert.Contains($"mnist/{Images}.gz", message);
        AssertOneSentence(message);
    }

    [Fact]
    public void MissingFolderIsNamed()
    {
        var message = Assert.Throws<DirectoryNotFoundException>(() => DataFolder.Open(folder.At("nowhere"))).Message;
        Assert.Contains("nowhere", message);
        AssertOneSentence(message);
    }

    [Fact]
    public void FileInPlaceOfFolderIsNamed()
    {
        File.WriteAllText(folder.At("file"), "");
        Assert.Contains("is a file", Assert.Throws<DirectoryNotFoundException>(() => DataFolder.Open(folder.At("file"))).Message);
    }

    [Fact]
    public void TruncatedGzipIsRefused()
    {
        var bytes = Pack(Idx([3, 28, 28], Pixels(3)));
        PutSound();
        File.WriteAllBytes(folder.At("mnist", Images + ".gz"), bytes[..(bytes.Length / 2)]);
        AssertRefused(Images, "fresh copy");
    }

    [Fact]
    public void EveryFlippedByteOfGzipIsRefusedOrHarmless()
    {
        PutSound();
        var sound = Pack(Idx([3, 28, 28], Pixels(3)));
        var refused = 0;
        // From byte 10 on: the ten bytes of header before hold time and system, which mean nothing here.
        for (var i = 10; i < sound.Length; i += 7)
        {
            byte[] damaged = [.. sound];
            damaged[i] ^= 0x10;
            File.WriteAllBytes(folder.At("mnist", Images + ".gz"), damaged);
            AssertRefused(Images, "fresh copy");
            refused++;
        }
        Assert.True(refused > 100);
    }

    [Fact]
    public void FileThatIsNoGzipIsRefused()
    {
        PutSound();
        File.WriteAllText(folder.At("mnist", Images + ".gz"), "<html>not found</html>");
        AssertRefused(Images, "gzip");
    }

    [Fact]
    public void EmptyFileIsRefused()
    {
        PutSound();
        Put(Images, [], packed: true);
        AssertRefused(Images, "ends after 0");
    }

    [Fact]
    public void LabelsInPlaceOfImagesAreRefused()
    {
        PutSound();
        Put(Images, Idx([40], new byte[40]), packed: true);
        AssertRefused(Images, "0x00000803", "0x00000801");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void WrongLengthIsRefused(int more)
    {
        PutSound();
        Put(Images, Idx([3, 28, 28], new byte[3 * 784 + more]), packed: true);
        AssertRefused(Images, "2352", $"{2352 + more}");
    }

    [Fact]
    public void HeaderThatClaimsTooMuchIsRefused()
    {
        PutSound();
        Put(Images, Idx([int.MaxValue, int.MaxValue, int.MaxValue], new byte[10]), packed: true);
        AssertRefused(Images, "holds 10");
    }

    [Fact]
    public void LabelsForOtherImagesAreRefused()
    {
        PutSound();
        Put(Labels, Idx([4], new byte[4]), packed: true);
        AssertRefused(Labels, "3 images", "holds 4");
    }

    [Fact]
    public void ImagesOfOtherSizeAreRefused()
    {
        PutSound();
        Put(Images, Idx([3, 14, 14], new byte[3 * 196]), packed: true);
        AssertRefused(Images, "28×28", "14×14");
    }

    [Fact]
    public void LabelAboveNineIsRefused()
    {
        PutSound();
        Put(Labels, Idx([3], [1, 2, 10]), packed: true);
        AssertRefused(Labels, "label 2 is 10");
    }

    private static byte[] Pixels(int images) => [.. Enumerable.Range(0, images * 784).Select(i => (byte)(i * 2654435761L >> 13))];

    private static byte[] Idx(int[] shape, byte[] values)
    {
        var header = new byte[4 + 4 * shape.Length];
        BinaryPrimitives.WriteInt32BigEndian(header, 0x800 + shape.Length);
        for (var i = 0; i < shape.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), shape[i]);
        }
        return [.. header, .. values];
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }
        return packed.ToArray();
    }

    private static void AssertOneSentence(string message)
    {
        Assert.EndsWith(".", message);
        Assert.DoesNotContain('\n', message);
    }

    private ImageSet Load() => Mnist.Load(DataFolder.Open(folder.Path), train: true);

    private void PutSound()
    {
        Put(Images, Idx([3, 28, 28], Pixels(3)), packed: true);
        Put(Labels, Idx([3], [1, 2, 3]), packed: true);
    }

    private void Put(string name, byte[] content, bool packed)
    {
        var path = folder.At("mnist", packed ? name + ".gz" : name);
        File.WriteAllBytes(path, packed ? Pack(content) : content);
    }

    private void AssertRefused(string file, params string[] parts)
    {
        var message = Assert.Throws<InvalidDataException>(Load).Message;
        Assert.Contains(file, message);
        Assert.All(parts, part => Assert.Contains(part, message));
        AssertOneSentence(message);
    }
}
