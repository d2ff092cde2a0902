using System.Text;
using System.Text.Json.Nodes;
using AnalogTorch.Checkpoints;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Fuzzing;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using CraftedCheckpoint = AnalogTorch.Examples.Torture.CraftedCheckpoint;
using Snapshot = AnalogTorch.Examples.Torture.Snapshot;

namespace AnalogTorch.Tests.Checkpoints;

/// <summary>What is refused is refused in one sentence, and changes neither the model nor its devices, the optimizer or torch's generator.</summary>
public sealed class CheckpointRefusalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("class")]
    [InlineData("groups")]
    [InlineData("options")]
    [InlineData("none")]
    public void AnotherOptimizerChangesNothing(string other)
    {
        var path = folder.At("run.ckpt");
        using var saved = Mlp.Create([6, 5, 3], 1);
        OptimizerHelper? first = other switch
        {
            "class" => optim.Adam(saved.parameters()),
            "groups" => optim.SGD(saved.parameters().Take(2), 0.1),
            "options" => new Odd(saved.parameters(), numbers: 2),
            _ => null,
        };
        Checkpoint.Save(path, saved, first);
        using var model = Mlp.Create([6, 5, 3], 2);
        OptimizerHelper second = other == "options" ? new Odd(model.parameters(), numbers: 3) : optim.SGD(model.parameters(), 0.1, momentum: 0.9);
        Step(model, second);
        var message = Refused(path, model, second);
        Assert.Contains("optimizer", message, StringComparison.Ordinal);
    }

    /// <summary>Files with right checksums whose content is not what the model has, or is not true.</summary>
    [Theory]
    [InlineData("model shape", "does not fit the model")]
    [InlineData("model count", "does not fit the model")]
    [InlineData("model name", "does not fit the model")]
    [InlineData("model longer", "model.dat is")]
    [InlineData("model bomb", "model.dat is")]
    [InlineData("optimizer flag", "another optimizer")]
    [InlineData("optimizer shape", "damaged")]
    [InlineData("optimizer length", "damaged")]
    [InlineData("optimizer bomb", "optimizer.dat is")]
    [InlineData("optimizer groups", "another optimizer")]
    [InlineData("generator zeros", "generator")]
    [InlineData("generator left", "generator")]
    [InlineData("generator number", "generator")]
    [InlineData("generator short", "generator.dat is")]
    [InlineData("training", "training program")]
    [InlineData("counters null", "counters")]
    [InlineData("counters short", "counters")]
    [InlineData("counters negative", "counters")]
    [InlineData("counters other", "counters")]
    [InlineData("counters none", "counters.json")]
    [InlineData("manifest null", "manifest")]
    [InlineData("manifest empty", "no AnalogTorch checkpoint")]
    [InlineData("manifest type", "manifest")]
    [InlineData("manifest hashes", "entries are not those of its manifest")]
    [InlineData("manifest deep", "manifest")]
    [InlineData("manifest bomb", "list of names is")]
    [InlineData("twice", "one twice")]
    [InlineData("many", "too many")]
    public void CraftedFilesChangeNothing(string craft, string part)
    {
        var path = folder.At("run.ckpt");
        using var model = Sequential(("fc1", Linear(6, 5)), ("fc2", Linear(5, 3)));
        model.ToAnalog(PcmPresets.HardwareAware, 1);
        using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9);
        Step(model, optimizer);
        Checkpoint.Save(path, model, optimizer, new TrainingState { { "epoch", 3 } });
        var file = CraftedCheckpoint.Read(path);
        Craft(file, craft);
        file.Write(path, craft is not ("manifest hashes" or "manifest null" or "manifest empty" or "manifest type" or "manifest deep" or "manifest bomb"));
        Step(model, optimizer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(part, Refused(path, model, optimizer), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    private static void Craft(CraftedCheckpoint file, string craft)
    {
        var bomb = new byte[64 << 20];
        byte[] model = file["model.dat"], optimizer = file["optimizer.dat"];
        var bias = model.AsSpan().IndexOf("fc1.bias"u8);
        switch (craft)
        {
            case "model shape": model[bias + 8 + 2]++; break;
            case "model count": model[0]++; break;
            case "model name": model[bias + 2] = (byte)'9'; break;
            case "model longer": file["model.dat"] = [.. model, 0]; break;
            case "model bomb": file["model.dat"] = bomb; break;
            case "optimizer flag": // says that there is no momentum, and has one
                optimizer[optimizer.AsSpan().LastIndexOf(new byte[] { (byte)StateKind.Boolean, 1, (byte)StateKind.Tensor, (byte)ScalarType.Float32 }) + 1] = 0;
                break;
            case "optimizer shape":
                file["optimizer.dat"] = [.. optimizer[..^1], (byte)StateKind.Tensor, 6, 1, 1, 0, 0, 0, 0, (byte)StateKind.End];
                break;
            case "optimizer length": BitConverter.GetBytes(long.MaxValue).CopyTo(optimizer, 1); break;
            case "optimizer bomb": file["optimizer.dat"] = bomb; break;
            case "optimizer groups": optimizer[optimizer.AsSpan().IndexOf("[5, 6]"u8) + 1] = (byte)'4'; break;
            case "generator zeros": Array.Clear(file["generator.dat"]); break;
            case "generator left": // of which torch would read beyond its numbers
                BitConverter.GetBytes(624).CopyTo(file["generator.dat"], 8);
                BitConverter.GetBytes(624L).CopyTo(file["generator.dat"], 16);
                break;
            case "generator number": file["generator.dat"][24 + 7] = 1; break;
            case "generator short": file["generator.dat"] = file["generator.dat"][..^8]; break;
            case "training": file["training.dat"][1] = 200; break;
            case "counters null": file["counters.json"] = Encoding.UTF8.GetBytes("{\"fc1\": null, \"fc2\": [1, 2, 3, 4]}"); break;
            case "counters short": file["counters.json"] = Encoding.UTF8.GetBytes("{\"fc1\": [1], \"fc2\": [1, 2, 3, 4]}"); break;
            case "counters negative": file["counters.json"] = Encoding.UTF8.GetBytes("{\"fc1\": [1, -2, 3, 4], \"fc2\": [1, 2, 3, 4]}"); break;
            case "counters other": file["counters.json"] = Encoding.UTF8.GetBytes("{\"fc1\": [1, 2, 3, 4], \"fc9\": [1, 2, 3, 4]}"); break;
            case "counters none": file.Remove("counters.json"); break;
            case "manifest null": file["manifest.json"] = Edited(file, manifest => manifest["Shapes"] = null); break;
            case "manifest empty": file["manifest.json"] = "null"u8.ToArray(); break;
            case "manifest type": file["manifest.json"] = Edited(file, manifest => manifest["Shapes"] = 5); break;
            case "manifest hashes": file["manifest.json"] = Edited(file, manifest => manifest["Hashes"]!.AsObject().Remove("model.dat")); break;
            case "manifest deep": file["manifest.json"] = Encoding.UTF8.GetBytes(new string('[', 100_000)); break;
            case "manifest bomb": file["manifest.json"] = bomb; break;
            case "twice": file.Twice = "model.dat"; break;
            case "many":
                for (var i = 0; i < 20; i++)
                    file[$"more{i}"] = [];
                break;
        }

        static byte[] Edited(CraftedCheckpoint file, Action<JsonObject> edit)
        {
            var manifest = JsonNode.Parse(file["manifest.json"])!.AsObject();
            edit(manifest);
            return Encoding.UTF8.GetBytes(manifest.ToJsonString());
        }
    }

    private string Refused(string path, nn.Module model, OptimizerHelper optimizer)
    {
        var before = Snapshot.Of(model, optimizer);
        var message = Assert.Throws<InvalidDataException>(() => Checkpoint.Load(path, model, optimizer)).Message;
        Assert.True(Snapshot.Of(model, optimizer) == before, message);
        Sentence.Check(message, path);
        return message;
    }

    private static void Step(nn.Module<Tensor, Tensor> model, OptimizerHelper optimizer)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        model.call(ones(2, 6)).square().sum().backward();
        if (optimizer is not Odd)
            optimizer.step();
    }

    /// <summary>An optimizer of a program's own, whose memory is some numbers.</summary>
    private sealed class Odd : OptimizerHelper
    {
        public Odd(IEnumerable<Parameter> parameters, int numbers)
        {
            _defaults = new OptimizerOptions { LearningRate = 1 };
            _parameter_groups = [new TorchSharp.Modules.ParamGroup { Parameters = [.. parameters], Options = new OptimizerOptions { LearningRate = 1, InitialLearningRate = 1 } }];
            foreach (var parameter in _parameter_groups[0].Parameters)
                _state[parameter.Handle] = new Memory(parameter, numbers);
        }

        public override void add_param_group(TorchSharp.Modules.ParamGroup param_group) => throw new NotSupportedException();

        public override Tensor step(Func<Tensor>? closure = null) => throw new NotSupportedException();

        private sealed class Memory(Parameter parameter, int numbers) : OptimizerState(parameter)
        {
            private readonly double[] values = [.. Enumerable.Repeat((double)numbers, numbers)];

            public override void Initialize(OptimizerOptions options) => Array.Clear(values);

            public override void SaveStateDict(BinaryWriter writer) => Array.ForEach(values, writer.Write);

            public override void LoadStateDict(BinaryReader reader)
            {
                for (var i = 0; i < values.Length; i++)
                    values[i] = reader.ReadDouble();
            }

            public override void LoadStateDict(OptimizerState source) => ((Memory)source).values.CopyTo(values, 0);
        }
    }
}
