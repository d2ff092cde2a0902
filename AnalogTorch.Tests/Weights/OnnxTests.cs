using System.Text;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using AnalogTorch.Tests.Networks;
using Google.Protobuf;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Weights;

/// <summary>Initialisers of ONNX files, as raw data and as packed floats.</summary>
public class OnnxTests
{
    [Fact]
    public void InitialisersAreReadByName()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = Write(folder,
            Tensor("raw", [2, 2], type: 1, 9, BitConverter.GetBytes(1f), BitConverter.GetBytes(-2f), BitConverter.GetBytes(3.5f), BitConverter.GetBytes(0f)),
            Tensor("packed", [3], type: 1, 4, BitConverter.GetBytes(7f), BitConverter.GetBytes(8f), BitConverter.GetBytes(9f)),
            Tensor("half", [2], type: 10, 9, BitConverter.GetBytes((Half)0.5), BitConverter.GetBytes((Half)(-4))),
            Tensor("count", [], type: 7, 9, BitConverter.GetBytes(12L)));
        using var file = WeightFile.Open(path);
        Assert.Equal(["raw", "packed", "half", "count"], file.Entries.Select(entry => entry.Name));
        Assert.Equal([1f, -2, 3.5f, 0], file.Read("raw").data<float>().ToArray());
        Assert.Equal([2L, 2], file.Entry("raw").Shape);
        Assert.Equal([7f, 8, 9], file.Read("packed").data<float>().ToArray());
        Assert.Equal([0.5f, -4], file.Read("half").to(ScalarType.Float32).data<float>().ToArray());
        Assert.Equal(12, file.Read("count").item<long>());
    }

    [Fact]
    public void WhatIsNotInTheFileOrNotReadHereIsRefused()
    {
        using var folder = new TemporaryFolder();
        void Refused(string part, params byte[][] tensors) =>
            Assert.Contains(part, Assert.Throws<InvalidDataException>(() => WeightFile.Open(Write(folder, tensors))).Message, StringComparison.Ordinal);
        Refused("has no 8 bytes", Tensor("short", [2], type: 1, 9, BitConverter.GetBytes(1f)));
        Refused("ONNX type 8", Tensor("text", [1], type: 8, 9, [65]));
        Refused("is there twice", Tensor("a", [1], type: 1, 9, BitConverter.GetBytes(1f)), Tensor("a", [1], type: 1, 9, BitConverter.GetBytes(1f)));
        Refused("no initialisers");
        Refused("second file", [.. Tensor("far", [1], type: 1, 9), .. Varint(14, 1)]);
    }

    [Fact]
    public void CutOffAnywhereItIsRefused()
    {
        using var folder = new TemporaryFolder();
        var whole = File.ReadAllBytes(Write(folder, Tensor("a", [2], type: 1, 9, BitConverter.GetBytes(1f), BitConverter.GetBytes(2f))));
        for (var length = 1; length < whole.Length - 4; length++) // what follows the graph says nothing of its values
        {
            File.WriteAllBytes(folder.At("cut.onnx"), whole[..length]);
            Assert.Throws<InvalidDataException>(() => WeightFile.Open(folder.At("cut.onnx")));
        }
    }

    /// <summary>The published SqueezeNet in half precision holds the values of the safetensors file, but for the first layer, whose inputs are scaled otherwise.</summary>
    [RealDataFact]
    public void APublishedModelIsRead()
    {
        using var scope = NewDisposeScope();
        string At(string name) => Path.Combine(Repository.DataFolder!, "weights", name);
        using var network = Zoo.Create("squeezenet1_1");
        network.LoadWeights(At("original/SqueezeNet_fp16.onnx"), WeightFit.Exact, Torchvision);
        using var reference = WeightFile.Open(At("squeezenet1_1-imagenet.safetensors"));
        foreach (var (name, values) in network.state_dict().Where(entry => !entry.Key.StartsWith("features.0.", StringComparison.Ordinal)))
            Assert.True(values.Equals(reference.Read(name)), name);

        static string Torchvision(string caffe)
        {
            int[] places = [3, 4, 6, 7, 9, 10, 11, 12];
            var parts = caffe[..^2].Split('_'); // fire2/squeeze1x1, w
            var end = parts[1] == "w" ? "weight" : "bias";
            return parts[0] switch
            {
                "conv1" => $"features.0.{end}",
                "conv10" => $"classifier.1.{end}",
                _ => $"features.{places[parts[0][4] - '2']}.{parts[0].Split('/')[1].Replace("squeeze1x1", "squeeze")}.{end}",
            };
        }
    }

    /// <summary>Writes a layer of three inputs and two outputs.</summary>
    private static string Write(TemporaryFolder folder, params byte[][] tensors)
    {
        File.WriteAllBytes(folder.At("model.onnx"), Model(tensors));
        return folder.At("model.onnx");
    }

    private static byte[] Model(params byte[][] tensors)
    {
        byte[] graph = [.. tensors.SelectMany(tensor => Bytes(5, tensor)), .. Bytes(2, "graph"u8)];
        return [.. Varint(1, 8), .. Bytes(2, "a test"u8), .. Bytes(7, graph), .. Bytes(8, [0x10, 0x07])];
    }

    private static byte[] Tensor(string name, long[] shape, int type, int field, params byte[][] values) =>
        [.. shape.SelectMany(size => Varint(1, size)), .. Varint(2, type), .. Bytes(8, Encoding.UTF8.GetBytes(name)), .. Bytes(field, values.SelectMany(value => value).ToArray())];

    private static byte[] Varint(int field, long value) => Encoded(output =>
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    });

    private static byte[] Bytes(int field, ReadOnlySpan<byte> value)
    {
        var copy = ByteString.CopyFrom(value);
        return Encoded(output =>
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(copy);
        });
    }

    private static byte[] Encoded(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
            write(output);
        return memory.ToArray();
    }
}
