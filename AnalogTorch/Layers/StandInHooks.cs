using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Leads calls of a sealed torch module around its own <c>forward</c>.</summary>
/// <remarks>
/// One hook keeps the input and hands the module a stand-in without samples, whose digital product costs next to nothing; the other returns
/// what the tiles give. Hooks run when a module is called, not when its <c>forward</c> is. Hooks of others, registered before or after, see the real
/// input and output: ours is the last before and the first after. What a call keeps belongs to its thread, so threads may share a module.
/// </remarks>
internal static class StandInHooks
{
    private const string PreHooks = "pre_hooks", PostHooks = "post_hooks";

    /// <summary>Hooks of a module from tensor to tensor.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples.</param>
    /// <param name="run">What the tiles give.</param>
    public static IDisposable Install(nn.Module<Tensor, Tensor> module, Func<Tensor> standIn, Func<Tensor, Tensor> run)
    {
        var exchange = new Exchange<Tensor, Tensor>(module, run, run.Target, (input, real, isSeen) => Return(input, real, isSeen), output => output.Dispose());
        return exchange.Begin(
            () => module.register_forward_pre_hook((_, input) =>
            {
                exchange.Park(input);
                return standIn();
            }).remove,
            () => module.register_forward_hook((_, input, output) => exchange.Run(input, output)).remove,
            () => module.register_forward_pre_hook((Action<nn.Module>)(_ => exchange.KeepOrder())).remove);
    }

    /// <summary>Hooks of a module with a state, or a second input.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples, and the state that goes with it.</param>
    /// <param name="run">What the tiles give.</param>
    /// <param name="release">Disposes of a stand-in's results.</param>
    /// <param name="releaseState">Disposes of a stand-in's state.</param>
    public static IDisposable Install<TState, TResult>(
        nn.Module<Tensor, TState, TResult> module, Func<(Tensor Input, TState State)> standIn, Func<Tensor, TState, TResult> run, Action<TResult> release,
        Action<TState> releaseState)
    {
        var exchange = new Exchange<(Tensor Input, TState State), TResult>(
            module, call => run(call.Input, call.State), run.Target,
            (call, real, isSeen) =>
            {
                Return(call.Input, real.Input, isSeen);
                releaseState(call.State);
            },
            release);
        return exchange.Begin(
            () => module.register_forward_pre_hook((_, input, state) =>
            {
                exchange.Park((input, state));
                return standIn();
            }).remove,
            () => module.register_forward_hook((_, input, state, output) => exchange.Run((input, state), output)).remove,
            () => module.register_forward_pre_hook((Action<nn.Module>)(_ => exchange.KeepOrder())).remove);
    }

    /// <summary>Hooks that see the real input of a module, on tiles or not, and change its output.</summary>
    /// <param name="module">The module.</param>
    /// <param name="change">Gives an output in place of the module's own, from input and output.</param>
    public static IDisposable Observe(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor> change) => Observe(module, _ => { }, change);

    /// <summary>Hooks that see the real input and output of a module, on tiles or not, and change nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each input before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch(nn.Module<Tensor, Tensor> module, Action<Tensor> entering, Action<LayerCall> seen) => Observe(module, entering, (input, output) =>
    {
        seen(new(input.shape, input.requires_grad, output.shape));
        return output;
    });

    /// <summary>A hook that sees the real input of a module with a state, on tiles or not, and changes nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each input and state before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch<TState, TResult>(nn.Module<Tensor, TState, TResult> module, Action<Tensor, TState> entering, Action<LayerCall> seen)
    {
        var before = First(module, PreHooks, () => module.register_forward_pre_hook((_, input, state) => // ahead of the stand-in's
        {
            Enter((input, state));
            return (input, state);
        }));
        var led = LayerPort.For<(Tensor Input, TState State), TResult>(module).Add(Enter, (_, result) => result);
        return new Removal(() =>
        {
            before.remove();
            led.Dispose();
        });

        void Enter((Tensor Input, TState State) call)
        {
            entering(call.Input, call.State);
            seen(new(call.Input.shape, call.Input.requires_grad, []));
        }
    }

    private static Removal Observe(nn.Module<Tensor, Tensor> module, Action<Tensor> entering, Func<Tensor, Tensor, Tensor> change)
    {
        var seen = new ThreadLocal<Tensor?>();
        var before = First(module, PreHooks, () => module.register_forward_pre_hook((_, input) => // ahead of the stand-in's
        {
            entering(input);
            return seen.Value = input;
        }));
        var after = Last(module, PostHooks, () => module.register_forward_hook((_, _, output) =>
        {
            var input = seen.Value!;
            seen.Value = null;
            return change(input, output);
        }));
        var led = LayerPort.For<Tensor, Tensor>(module).Add(entering, change);
        return new Removal(() =>
        {
            before.remove();
            after.remove();
            led.Dispose();
        });
    }

    /// <summary>Makes a stand-in what the real input is, for hooks of others that come after ours, or disposes of it if there are none.</summary>
    private static void Return(Tensor standIn, Tensor real, bool isSeen)
    {
        if (isSeen)
        {
            var alias = real.alias();
            (Handle(alias), Handle(standIn)) = (Handle(standIn), Handle(alias));
            alias.Dispose();
        }
        else
        {
            standIn.Dispose();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "handle")]
    private static extern ref nint Handle(Tensor tensor);

    private static T First<T>(nn.Module module, string list, Func<T> register) => Register(module, list, register, first: true);

    private static T Last<T>(nn.Module module, string list, Func<T> register) => Register(module, list, register, first: false);

    /// <summary>Registers a hook before or after all that a module has.</summary>
    private static T Register<T>(nn.Module module, string list, Func<T> register, bool first)
    {
        var hooks = HooksOf(module, list);
        var before = hooks.Keys.Cast<object>().ToArray();
        var remover = register();
        Put(hooks, hooks.Keys.Cast<object>().Except(before).Single(), first);
        return remover;
    }

    /// <summary>Whether torch calls hooks of a module; some of its containers are never called.</summary>
    internal static bool HasHooks(nn.Module module) => FieldOf(module, PreHooks) is not null;

    /// <summary>Torch's own list of the hooks of a module.</summary>
    internal static IDictionary HooksOf(nn.Module module, string list)
    {
        return FieldOf(module, list)?.GetValue(module) as IDictionary
            ?? throw new NotSupportedException(
                $"{LayerKind.NameOf(module)} cannot be converted: this version of TorchSharp keeps hooks in another way; use version 0.107.0.");
    }

    private static FieldInfo? FieldOf(nn.Module module, string list)
    {
        FieldInfo? field = null;
        for (var type = module.GetType(); type is not null && field is null; type = type.BaseType)
            field = type.GetField(list, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
        return field;
    }

    /// <summary>Puts one of several hooks before or after the others.</summary>
    /// <remarks>A dictionary gives the place of a hook that was removed to the next that comes, so the order of registration is not enough.</remarks>
    private static void Put(IDictionary hooks, object key, bool first)
    {
        var own = (Key: key, Hook: hooks[key]);
        var others = hooks.Keys.Cast<object>().Where(other => !other.Equals(key)).Select(other => (Key: other, Hook: hooks[other])).ToArray();
        hooks.Clear();
        foreach (var (name, hook) in first ? [own, .. others] : (IEnumerable<(object, object?)>)[.. others, own])
            hooks.Add(name, hook);
    }

    /// <summary>The exchange of inputs of one module against stand-ins.</summary>
    private sealed class Exchange<TInput, TResult>(
        nn.Module module, Func<TInput, TResult> run, object? runner, Action<TInput, TInput, bool> giveBack, Action<TResult> release)
    {
        private readonly IDictionary preHooks = HooksOf(module, PreHooks), postHooks = HooksOf(module, PostHooks);
        private readonly ThreadLocal<(bool IsThere, TInput Input)> parked = new();
        private object? preKey, postKey;

        public IDisposable Begin(Func<Action> registerPre, Func<Action> registerPost, Func<Action> registerOrder)
        {
            var pre = Register(module, PreHooks, registerPre, first: false);
            var post = Register(module, PostHooks, registerPost, first: true);
            (preKey, postKey) = (preHooks.Keys.Cast<object>().Last(), postHooks.Keys.Cast<object>().First());
            var order = registerOrder();
            var port = LayerPort.For<TInput, TResult>(module);
            (port.Run, port.Runner) = (run, runner);
            return new Removal(() =>
            {
                pre();
                post();
                order();
                (port.Run, port.Runner) = (null, null);
            });
        }

        public void Park(TInput input) => parked.Value = (true, input);

        public TResult Run(TInput standIn, TResult output)
        {
            var (isThere, real) = parked.Value;
            if (!isThere)
                throw new InvalidOperationException($"{LayerKind.NameOf(module)} lost its input: its hooks were removed during a call; convert the model when it is not running.");
            parked.Value = default;
            release(output);
            giveBack(standIn, real, postHooks.Count > 1);
            return run(real);
        }

        /// <summary>Brings our hooks back to their places if others came since the last call.</summary>
        public void KeepOrder()
        {
            if (preHooks.Count > 1 && !preHooks.Keys.Cast<object>().Last().Equals(preKey))
                Put(preHooks, preKey!, first: false);
            if (postHooks.Count > 1 && !postHooks.Keys.Cast<object>().First().Equals(postKey))
                Put(postHooks, postKey!, first: true);
        }
    }
}
