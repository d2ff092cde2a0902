using System.Globalization;
using AnalogTorch.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace AnalogTorch.Examples.Torture;

/// <summary>A training that saves a checkpoint at every step, in a process that will be killed; it says after each step what it has come to.</summary>
internal static class KillTraining
{
    /// <summary>What a line begins with: the training goes on from a checkpoint, a step was saved, or it could not be.</summary>
    public const string Resumed = "resumed", Saved = "saved", Unsaved = "unsaved";

    /// <summary>Trains, from the last checkpoint if there is one.</summary>
    /// <param name="way">Where the network is trained.</param>
    /// <param name="path">The checkpoint; empty for none, as of the training that the others are held against.</param>
    /// <param name="steps">Steps in all.</param>
    public static int Run(string way, string path, int steps)
    {
        set_num_threads(1);
        using var scope = NewDisposeScope();
        random.manual_seed(11);
        var (model, optimizer) = TortureNet.Create(way, 5);
        var scheduler = StepLR(optimizer, 7, 0.9);
        var done = 0L;
        if (path.Length > 0 && File.Exists(path))
        {
            var state = Checkpoint.Load(path, model, optimizer);
            done = state.GetInt64("steps");
            scheduler.Replay(optimizer, done);
            Say(Resumed, done, model, optimizer);
        }
        for (; done < steps;)
        {
            TortureNet.Step(model, optimizer, done);
            scheduler.step();
            done++;
            var said = Saved;
            try
            {
                if (path.Length > 0)
                    Checkpoint.Save(path, model, optimizer, new Checkpoints.TrainingState { { "steps", done } });
            }
            catch (IOException)
            {
                said = Unsaved;
            }
            Say(said, done, model, optimizer);
        }
        return 0;
    }

    private static void Say(string what, long step, TortureNet model, OptimizerHelper optimizer) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {step} {Snapshot.Of(model, optimizer)}"));
}
