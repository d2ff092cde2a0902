using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Weights;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Networks;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using SampleFiles = AnalogTorch.Examples.Torture.SampleFiles;

namespace AnalogTorch.Tests.Weights;

/// <summary>Weights go into files and come back bit for bit; what is no weight file is refused in a sentence, and nothing in a file is executed.</summary>
public sealed class WeightFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Written => new(".safetensors", ".pth", ".pt", ".dat");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Written))]
    public void WeightsComeBackBitForBit(string extension)
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        var path = At("weights" + extension);
        model.SaveWeights(path);
        var report = other.LoadWeights(path);
        Assert.True(report.IsComplete);
        Assert.Equal(model.state_dict().Keys, report.Rows.Select(row => row.Name));
        foreach (var (name, values) in model.state_dict())
            Assert.True(values.eq(other.state_dict()[name]).all().item<bool>(), name);
        Assert.Equal([Path.GetFileName(path)], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void TorchSharpsOwnFilesAreReadAndWritten()
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        model.save(At("own.dat"));
        other.LoadWeights(At("own.dat"));
        Same(model, other);
        model.SaveWeights(At("ours.dat"));
        other = Network(3);
        other.load(At("ours.dat"));
        Same(model, other);
        File.Copy(At("own.dat"), At("own.bin")); // recognised by its content
        Network(4).LoadWeights(At("own.bin"));
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void AConvertedModelSavesPlainWeightsAndTakesThemIntoItsDevices(string extension)
    {
        using var scope = NewDisposeScope();
        var (analog, plain) = (Network(1), Network(2));
        analog.ToAnalog(PcmPresets.MspLsp, seed: 1);
        analog.SaveWeights(At("weights" + extension));
        Assert.True(plain.LoadWeights(At("weights" + extension)).IsComplete);
        foreach (var (name, values) in plain.state_dict())
            Assert.True(values.eq(analog.state_dict()[name]).all().item<bool>(), name);

        var fresh = Network(3);
        fresh.ToAnalog(PcmPresets.MspLsp, seed: 2);
        fresh.LoadWeights(At("weights" + extension));
        var cells = fresh.AnalogTiles().First().Tile.Cells;
        var written = cells.Weights.clone();
        cells.Refresh(); // reads the devices again
        Assert.Equal(0, (cells.Weights - written).abs().max().item<float>());
        Assert.True((cells.Weights - plain.get_parameter("fc.weight")!).abs().max().item<float>() < 0.05f);
    }

    [Fact]
    public void WhatDoesNotFitIsNamedAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        Sequential(("fc", Linear(6, 4)), ("extra", Linear(4, 2))).SaveWeights(At("other.safetensors"));
        var model = Network(1);
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        var message = Assert.Throws<InvalidDataException>(() => model.LoadWeights(At("other.safetensors"))).Message;
        Assert.Contains("4 missing ('norm.weight' [5], ", message, StringComparison.Ordinal);
        Assert.Contains("2 unexpected ('extra.weight' [2, 4], 'extra.bias' [2])", message, StringComparison.Ordinal);
        Assert.Contains("2 misshapen ('fc.weight' [5, 6], [4, 6] in the file, 'fc.bias' [5], [4] in the file)", message, StringComparison.Ordinal);
        Assert.All(model.state_dict(), entry => Assert.True(entry.Value.eq(before[entry.Key]).all().item<bool>()));
        var report = model.LoadWeights(At("other.safetensors"), WeightFit.WhateverFits);
        Assert.DoesNotContain(report.Rows, row => row.Outcome == WeightOutcome.Loaded);
        Assert.Contains("unexpected", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void NamesCanBeChangedAndTypesAre()
    {
        using var scope = NewDisposeScope();
        var source = Sequential(("layer", Linear(6, 5)));
        source.to(ScalarType.BFloat16);
        source.SaveWeights(At("half.safetensors"));
        var model = Sequential(("fc", Linear(6, 5)));
        var report = model.LoadWeights(At("half.safetensors"), rename: name => name.Replace("layer.", "fc.", StringComparison.Ordinal));
        Assert.Equal("from layer.weight, BFloat16 → Float32", report.Rows[0].Note);
        Assert.True(model.get_parameter("fc.weight")!.eq(source.get_parameter("layer.weight")!.to(ScalarType.Float32)).all().item<bool>());
    }

    [Fact]
    public void WholeNumbersAreMultipliedByTheirScale()
    {
        using var scope = NewDisposeScope();
        WriteSafetensors(At("int8.safetensors"), [("weight", tensor(new sbyte[] { 1, -2, 3, 100, -100, 7 }).view(2, 3)), ("weight_scale", tensor(new[] { 0.5f, 0.01f }))]);
        var model = Linear(3, 2, hasBias: false);
        Assert.Equal(["weight"], model.LoadWeights(At("int8.safetensors")).Rows.Select(row => row.Name));
        Assert.Equal([0.5f, -1, 1.5f, 1, -1, 0.07f], model.weight!.data<float>().ToArray());
    }

    [Fact]
    public void MatricesComeFromNumPyAndText()
    {
        using var scope = NewDisposeScope();
        File.WriteAllBytes(At("rows.npy"), Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]));
        File.WriteAllBytes(At("columns.npy"), Npy("<f4", true, "(2, 3)", [1, 4, 2, 5, 3, 6]));
        File.WriteAllText(At("text.csv"), "# a comment\n1, 2,3\n\n4;5\t6e0\n");
        using (var archive = new ZipArchive(File.Create(At("both.npz")), ZipArchiveMode.Create))
        {
            foreach (var name in new[] { "rows", "columns" })
            {
                using var entry = archive.CreateEntry($"{name}.npy").Open();
                entry.Write(File.ReadAllBytes(At($"{name}.npy")));
            }
        }
        foreach (var (file, name) in new[] { ("rows.npy", "rows"), ("columns.npy", "columns"), ("text.csv", "text"), ("both.npz", "rows"), ("both.npz", "columns") })
        {
            using var opened = WeightFile.Open(At(file));
            var matrix = opened.Read(name);
            Assert.Equal([2L, 3], matrix.shape);
            Assert.Equal([1f, 2, 3, 4, 5, 6], matrix.data<float>().ToArray());
        }
        var model = Linear(3, 2, hasBias: false);
        model.LoadWeights(At("text.csv"), rename: _ => "weight");
        Assert.Equal([1f, 2, 3, 4, 5, 6], model.weight!.data<float>().ToArray());
    }

    /// <summary>A file as <c>torch.save({"state_dict": ..., "epoch": 3})</c> writes it, with a transposed view of a storage that two tensors share.</summary>
    [Fact]
    public void ViewsAndDictionariesInPicklesAreRead()
    {
        using var scope = NewDisposeScope();
        var pickle = new List<byte> { 0x80, 2 };
        Add("}(X\n\0\0\0state_dictccollections\nOrderedDict\n)R(");
        Tensor("a", 0, [2, 3], [3, 1]);
        Tensor("b", 1, [3, 2], [1, 3]);
        Add("u}X\t\0\0\0_metadata}sb"); // attributes of the dictionary
        Add("X\u0005\0\0\0epochK\u0003u.");
        WriteZip(At("model.pth"), [.. pickle], [0f, 1, 2, 3, 4, 5, 6, 7]);
        using var file = WeightFile.Open(At("model.pth"));
        Assert.Equal(["a", "b"], file.Entries.Select(entry => entry.Name));
        Assert.Equal([0f, 1, 2, 3, 4, 5], file.Read("a").data<float>().ToArray());
        Assert.Equal([1f, 4, 2, 5, 3, 6], file.Read("b").data<float>().ToArray());

        void Add(string text) => pickle.AddRange(Encoding.Latin1.GetBytes(text));

        void Tensor(string name, byte offset, byte[] shape, byte[] stride)
        {
            Add($"X\u0001\0\0\0{name}ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\btQK");
            pickle.Add(offset);
            foreach (var sizes in new[] { shape, stride })
            {
                Add("(");
                foreach (var size in sizes)
                    pickle.AddRange([(byte)'K', size]);
                Add("t");
            }
            Add("\u0089ccollections\nOrderedDict\n)RtR");
        }
    }

    [Theory]
    [InlineData("cos\nsystem\n(X\u0005\0\0\0touchtR.", "asks for os.system, which is not executed here")]
    [InlineData("cbuiltins\neval\n(X\u0003\0\0\01+1tR.", "asks for builtins.eval, which is not executed here")]
    [InlineData("ccollections\nOrderedDict\n)R.", "holds no tensors")]
    [InlineData("K\u0005.", "is no dictionary of tensors")]
    [InlineData("i", "holds the instruction 0x69, which a state dict does not need")]
    public void PicklesAreDataAndNothingElse(string code, string message)
    {
        WriteZip(At("model.pth"), [0x80, 2, .. Encoding.Latin1.GetBytes(code)], [1f]);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => WeightFile.Open(At("model.pth")).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeadersThatLieAreRefused()
    {
        using var scope = NewDisposeScope();
        Refused("a.safetensors", [.. BitConverter.GetBytes(long.MaxValue), (byte)'{'], "its header is said to be 9223372036854775807 bytes long");
        Refused("b.safetensors", Safetensors("{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 15), "does not fit its shape or the file");
        Refused("c.safetensors", Safetensors("{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}}", 16), "damaged");
        Refused("d.safetensors", Safetensors("{\"v\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[8,24]}}", 24), "tensors overlap");
        Refused("e.safetensors", Safetensors("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8), "is there twice");
        Refused("f.safetensors", Safetensors("{\"w\":{\"dtype\":\"F9\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "is of type F9");
        Refused("g.npy", Npy("<f4", false, "(2, 4)", [1, 2, 3]), "does not fit the length of its file");
        Refused("h.npy", Npy(">f4", false, "(3,)", [1, 2, 3]), "is of type >f4, which is not read here");
        Refused("i.csv", "1,2\n3\n"u8.ToArray(), "line 2 has 1 numbers, but the lines before have 2");
        Refused("j.csv", "1,x\n"u8.ToArray(), "line 1 holds 'x', which is no number");
        Refused("k.bin", [1, 2, 3], "is of no format that is read here");
        Refused("l.pth", [], "is of no format that is read here");
        Assert.Contains("There is no weight file", Assert.Throws<FileNotFoundException>(() => WeightFile.Open(At("none.pth"))).Message, StringComparison.Ordinal);
        Assert.Contains("must end in", Assert.Throws<ArgumentException>(() => Network(1).SaveWeights(At("weights.onnx"))).Message, StringComparison.Ordinal);
        Assert.Contains("choose a folder", Assert.Throws<IOException>(() => Network(1).SaveWeights(Path.Combine(folder.Path, "none", "w.pth"))).Message, StringComparison.Ordinal);

        void Refused(string name, byte[] content, string message)
        {
            File.WriteAllBytes(At(name), content);
            Assert.Contains(message, Assert.Throws<InvalidDataException>(() => WeightFile.Open(At(name)).Dispose()).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Whatever is done to the bytes of a file, it is read or refused in a sentence with its name; nothing else comes out, and no memory beyond its size is taken.</summary>
    [Theory]
    [InlineData(".safetensors")]
    [InlineData(".pth")]
    [InlineData(".dat")]
    [InlineData(".npy")]
    [InlineData(".npz")]
    [InlineData(".csv")]
    [InlineData(".th")]
    public void DamagedFilesAreReadOrRefused(string extension)
    {
        using var scope = NewDisposeScope();
        var whole = Valid(extension);
        Gen.Select(Gen.Int[0, whole.Length], Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[0, 4], Gen.Bool).Sample((length, changes, cut) =>
        {
            var bytes = (byte[])whole.Clone();
            foreach (var (at, value) in changes)
                bytes[at] = value;
            var path = At("fuzzed" + extension);
            File.WriteAllBytes(path, cut ? bytes[..length] : bytes);
            try
            {
                using var inner = NewDisposeScope();
                using var file = WeightFile.Open(path);
                foreach (var entry in file.Entries)
                    Assert.True(file.Read(entry.Name).NumberOfElements <= Math.Max(whole.Length, 1100 * whole.Length));
            }
            catch (InvalidDataException exception)
            {
                Assert.Contains(path, exception.Message, StringComparison.Ordinal);
            }
        }, iter: 1500, threads: 1);
    }

    [RealDataTheory]
    [InlineData("squeezenet1_1-imagenet", 52)]
    [InlineData("mobilenet_v2-imagenet-int8", 0)]
    [InlineData("resnet20-cifar10", 0)]
    [InlineData("charlstm-2x128-tinyshakespeare", 11)]
    public void FilesAtHandOpen(string name, int tensors)
    {
        using var file = WeightFile.Open(Path.Combine(Repository.DataFolder!, "weights", $"{name}.safetensors"));
        Assert.Equal("safetensors", file.Format);
        Assert.True(tensors == 0 || file.Entries.Count == tensors, $"{file.Entries.Count} tensors");
        Assert.NotEmpty(file.Metadata);
    }

    /// <summary>94.51 % was measured when the file was made.</summary>
    [RealDataFact]
    public void ATrainedNetworkReadsItsDigits()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = WeightFile.Open(Path.Combine(Repository.DataFolder!, "weights", "mlp_784_128_32_10-mnist.safetensors"));
        var layers = file.Entries.Select(entry => entry.Name.Split('.')[0]).Distinct().ToArray();
        var model = Sequential((layers[0], Linear(784, 128)), ("act1", ReLU()), (layers[1], Linear(128, 32)), ("act2", ReLU()), (layers[2], Linear(32, 10)));
        Assert.True(model.LoadWeights(file).IsComplete);
        using var test = Mnist.Load(DataFolder.Open(Repository.DataFolder!), train: false);
        var accuracy = model.call(test.Flatten()).argmax(1).eq(test.Labels).to(ScalarType.Float32).mean().item<float>();
        Assert.Equal(0.9451f, accuracy, 4);
    }

    private static Module<Tensor, Tensor> Network(int seed)
    {
        var model = Sequential(("fc", Linear(6, 5)), ("norm", BatchNorm1d(5)));
        using var noGrad = no_grad();
        foreach (var (name, parameter) in model.named_parameters())
            parameter.copy_(Noise.Uniform(Rng.FromSeed(seed).Split(name), parameter.shape).sub_(0.5f));
        return model;
    }

    private static void Same(Module a, Module b) => Assert.All(a.state_dict(), entry => Assert.True(entry.Value.eq(b.state_dict()[entry.Key]).all().item<bool>(), entry.Key));

    private static byte[] Npy(string type, bool columnsFirst, string shape, float[] values) => SampleFiles.Npy(type, columnsFirst, shape, values);

    private static byte[] Safetensors(string header, int data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. Encoding.UTF8.GetBytes(header), .. new byte[data]];
    }

    private static void WriteSafetensors(string path, IReadOnlyList<(string, Tensor)> tensors)
    {
        using var stream = File.Create(path);
        WeightFormat.All.Single(format => format.Name == "safetensors").Write(stream, tensors);
    }

    private static void WriteZip(string path, byte[] pickle, float[] storage)
    {
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (name, content) in new[] { ("data.pkl", pickle), ("data/0", [.. storage.SelectMany(BitConverter.GetBytes)]) })
        {
            using var entry = archive.CreateEntry($"model/{name}", CompressionLevel.NoCompression).Open();
            entry.Write(content);
        }
    }

    /// <summary>What torch.save wrote before 1.6: magic number, version, computer, tensors, keys, then the storage.</summary>
    private static byte[] Legacy() => SampleFiles.Legacy();

    [Fact]
    public void TheOlderPyTorchFormIsRead()
    {
        using var scope = NewDisposeScope();
        File.WriteAllBytes(At("old.th"), Legacy());
        using var file = WeightFile.Open(At("old.th"));
        Assert.Equal("PyTorch before 1.6", file.Format);
        Assert.Equal([1f, 2, 3, 4], file.Read("w").data<float>().ToArray());
    }

    private byte[] Valid(string extension)
    {
        switch (extension)
        {
            case ".npy":
                return Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]);
            case ".csv":
                return "1,2\n3,4\n"u8.ToArray();
            case ".th":
                return Legacy();
            case ".npz":
                using (var archive = new ZipArchive(File.Create(At("valid.npz")), ZipArchiveMode.Create))
                using (var entry = archive.CreateEntry("w.npy").Open())
                    entry.Write(Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]));
                return File.ReadAllBytes(At("valid.npz"));
            default:
                Linear(3, 2).SaveWeights(At("valid" + extension));
                return File.ReadAllBytes(At("valid" + extension));
        }
    }

    private string At(string name) => Path.Combine(folder.Path, name);
}
