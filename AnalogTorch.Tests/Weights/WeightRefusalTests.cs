using System.IO.Compression;
using System.Text;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Weights;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Fuzzing;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Snapshot = AnalogTorch.Examples.Torture.Snapshot;

namespace AnalogTorch.Tests.Weights;

/// <summary>Weight files that ask for more than they hold, or hold what no weight is, cost little and change nothing.</summary>
public sealed class WeightRefusalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("(J\0\u0065\u00CD\u001Dt", "(K\0t", "repeats its elements")] // 500,000,000 elements of stride 0
    [InlineData("(\u008A\u0006\0\u0010\u00A5\u00D4\u00E8\0t", "(K\0t", "repeats its elements")] // 1e12
    [InlineData("(\u008A\u0008\0\0\0\0\0\0\0\u0040\u008A\u0008\0\0\0\0\0\0\0\u0040t", "(K\0K\0t", "no tensor has")] // 2^62 × 2^62
    [InlineData("(K\u0002t", "(\u008A\u0008\0\0\0\0\0\0\0\u0040t", "reaches beyond its storage")]
    [InlineData("(K\u0002t", "(K\u0001K\u0001t", "has a shape that cannot be")]
    public void ShapesThatAStorageCannotHaveAreRefused(string shape, string stride, string part)
    {
        var pickle = "ccollections\nOrderedDict\n)R(X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0002tQK\0"
            + shape + stride + "\u0089ccollections\nOrderedDict\n)RtRu.";
        Refused("crafted.pth", Zip(("m/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]), ("m/data/0", new byte[8])), part);
    }

    [Fact]
    public void PicklesThatAreAllValuesAreRefused()
    {
        var braces = new byte[20_000_000];
        Array.Fill(braces, (byte)'}');
        // Four times the file and 16 MB, of which what an empty dictionary takes is counted with some margin.
        Refused("braces.pth", Zip(("m/data.pkl", [0x80, 2, .. braces]), ("m/data/0", [])), "far more values", most: 160 << 20);
        Refused("braces.th", [0x80, 2, 0x8A, 1, 1, .. braces], "far more values", most: 160 << 20);
    }

    [Fact]
    public void ManyDimensionsAreRefused()
    {
        var ones = string.Join(",", Enumerable.Repeat("1", 65));
        Refused("dims.safetensors", Safetensors($"{{\"w\":{{\"dtype\":\"F32\",\"shape\":[{ones}],\"data_offsets\":[0,4]}}}}", 4), "more than 64");
        Refused("dims.npy", Npy($"({ones})", 4), "65 dimensions");
        Refused("dims.dat", [1, 1, (byte)'w', 6, 65, .. Enumerable.Repeat((byte)1, 65), 0, 0, 0, 0], "shape that cannot be");
        Refused("zero.npy", Npy("(0, 4611686018427387904, 4611686018427387904)", 0), "no tensor has");
        Refused("deep.safetensors", Safetensors(new string('{', 100_000), 0), "no valid JSON");
        Refused("lists.safetensors", Safetensors($"{{\"w\":{{\"shape\":[{string.Join(',', new int[1_000_000])}]}}}}", 0), "more than 64");
    }

    /// <summary>An archive that unpacks to a thousand times its length is read into a model of that shape, and by nobody else.</summary>
    [Fact]
    public void ArchivesUnpackIntoPlacesThatAreThere()
    {
        using var scope = NewDisposeScope();
        const int side = 4000; // 64 MB of zeros
        var path = folder.At("zeros.npz");
        File.WriteAllBytes(path, Zip(CompressionLevel.Optimal, ("weight.npy", Npy($"({side}, {side})", side * side * 4))));
        Assert.InRange(new FileInfo(path).Length, 1, 200_000);
        using (var file = WeightFile.Open(path))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Sentence.Check(Assert.Throws<InvalidDataException>(() => file.Read("weight")).Message, path);
            Assert.Throws<InvalidDataException>(() => Linear(3, 2, hasBias: false).LoadWeights(file));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
        using var model = Linear(side, side, hasBias: false);
        model.LoadWeights(path);
        Assert.Equal(0, model.weight!.abs().max().item<float>());
    }

    [Theory]
    [InlineData("0,5;0,25\n", "decimal")]
    [InlineData("0,5\t0,25\n", "decimal")]
    [InlineData("0,5 0,25\n", "decimal")]
    [InlineData("1;2,5\n", "decimal")]
    [InlineData("1,,2\n", "no number before a ','")]
    [InlineData(",1\n", "no number before a ','")]
    [InlineData("1,2,\n", "ends in a separator")]
    [InlineData("1,NaN\n", "no finite float32 number")]
    [InlineData("1,Infinity\n", "no finite float32 number")]
    [InlineData("1,1e39\n", "no finite float32 number")]
    [InlineData("1,2\n3,-1e39\n", "line 2 holds '-1e39'")]
    [InlineData("1,2\n\n# 3\n4\n", "line 4 has 1 numbers")]
    public void TextThatIsNotOneMatrixOfFiniteNumbersIsRefused(string text, string part) => Refused("text.csv", Encoding.UTF8.GetBytes(text), part);

    [Theory]
    [InlineData("0.5;0.25\n")]
    [InlineData("0.5, 0.25\r\n")]
    [InlineData(" 0.5 ,0.25 \r")]
    [InlineData("\uFEFF0.5\t0.25")]
    [InlineData("0.5 ; 0.25\n")]
    public void SeparatorsAreRecognised(string text)
    {
        using var scope = NewDisposeScope();
        File.WriteAllText(folder.At("text.csv"), text);
        using var file = WeightFile.Open(folder.At("text.csv"));
        Assert.Equal([0.5f, 0.25f], file.Read("text").data<float>().ToArray());
        Assert.Equal([1L, 2], file.Entry("text").Shape);
    }

    [Theory]
    [InlineData("nan", false)]
    [InlineData("nan", true)]
    [InlineData("infinite", false)]
    [InlineData("infinite", true)]
    [InlineData("too large", false)]
    [InlineData("too large", true)]
    [InlineData("fraction", false)]
    [InlineData("fraction", true)]
    public void WeightsThatAreNoneChangeNothing(string value, bool analog)
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        if (value is "too large" or "fraction")
            other.to(ScalarType.Float64);
        using (no_grad())
        {
            if (value == "fraction")
                other.get_buffer("norm.num_batches_tracked")!.fill_(3);
            else
                other.get_parameter("fc.bias")![2] = value switch { "nan" => double.NaN, "infinite" => double.NegativeInfinity, _ => 1e39 };
        }
        var path = folder.At("weights.safetensors");
        other.SaveWeights(path);
        if (value == "fraction")
            WriteFraction(path);
        if (analog)
            model.ToAnalog(PcmPresets.MspLsp, seed: 1);
        var before = Snapshot.Of(model);
        var message = Assert.Throws<InvalidDataException>(() => model.LoadWeights(path)).Message;
        Assert.Contains(value == "fraction" ? "fractions" : "'fc.bias' holds NaN or infinity", message, StringComparison.Ordinal);
        Sentence.Check(message, path);
        Assert.True(Snapshot.Of(model) == before, message);
    }

    /// <summary>Devices that refuse to be written leave the weights as they were, too.</summary>
    [Fact]
    public void ARefusalOfTheDevicesChangesNothing()
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        other.SaveWeights(folder.At("weights.pth"));
        model.ToAnalog(PcmPresets.MspLsp, seed: 1);
        model.to(ScalarType.Float64); // which no tile can have
        var before = Snapshot.Of(model);
        Assert.ThrowsAny<Exception>(() => model.LoadWeights(folder.At("weights.pth")));
        Assert.True(Snapshot.Of(model) == before, "devices");
    }

    private void WriteFraction(string path)
    {
        // The counter as a fraction, in a file of one more type.
        using var file = WeightFile.Open(path);
        var tensors = file.Entries.Select(entry => (entry.Name, entry.Name.EndsWith("tracked", StringComparison.Ordinal) ? tensor(1.5) : file.Read(entry.Name))).ToArray();
        using var stream = File.Create(path + ".new");
        WeightFormat.All.Single(format => format.Name == "safetensors").Write(stream, tensors);
        stream.Dispose();
        File.Move(path + ".new", path, overwrite: true);
    }

    private void Refused(string name, byte[] content, string part, long most = 48 << 20)
    {
        var path = folder.At(name);
        File.WriteAllBytes(path, content);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<InvalidDataException>(() =>
        {
            using var file = WeightFile.Open(path);
            foreach (var entry in file.Entries)
                file.Read(entry.Name).Dispose();
        }).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Sentence.Check(message, path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
    }

    private static nn.Module<Tensor, Tensor> Network(int seed)
    {
        var model = Sequential(("fc", Linear(6, 5)), ("norm", BatchNorm1d(5)));
        using var noGrad = no_grad();
        foreach (var (name, parameter) in model.named_parameters())
            parameter.copy_(Noise.Uniform(Rng.FromSeed(seed).Split(name), parameter.shape).sub_(0.5f));
        return model;
    }

    private static byte[] Safetensors(string header, int data) => [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[data]];

    private static byte[] Npy(string shape, int data)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. Encoding.ASCII.GetBytes(header), .. new byte[data]];
    }

    private static byte[] Zip(params (string, byte[])[] entries) => Zip(CompressionLevel.NoCompression, entries);

    private static byte[] Zip(CompressionLevel compression, params (string, byte[])[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name, compression).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }
}
